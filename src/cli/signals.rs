#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Counts Ctrl-C, SIGTERM and a terminal that hangs up from now on: one stops an apply in an orderly way, two end it at once.
///
/// Must be called within a runtime. Until then a signal ends the process, as nothing has been begun.
pub(super) fn counted() -> watch::Receiver<u8> {
    let (count, counted) = watch::channel(0_u8);
    tokio::spawn(async move {
        let mut terminated = Terminated::new();
        loop {
            tokio::select! {
                pressed = tokio::signal::ctrl_c() => {
                    if pressed.is_err() {
                        break;
                    }
                }
                () = terminated.next() => {}
            }
            count.send_modify(|count| *count = count.saturating_add(1));
        }
    });
    counted
}

#[cfg(unix)]
struct Terminated {
    term: Option<Signal>,
    hangup: Option<Signal>,
}

#[cfg(unix)]
impl Terminated {
    fn new() -> Self {
        Self { term: signal(SignalKind::terminate()).ok(), hangup: signal(SignalKind::hangup()).ok() }
    }

    async fn next(&mut self) {
        tokio::select! {
            () = received(&mut self.term) => {}
            () = received(&mut self.hangup) => {}
        }
    }
}

/// Until it is received; for ever where it cannot be waited for.
#[cfg(unix)]
async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
struct Terminated;

#[cfg(not(unix))]
impl Terminated {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Counts Ctrl-C, SIGTERM and a terminal that hangs up from now on: one stops an apply in an orderly way, two end it at once.
///
/// Must be called within a runtime. Until then a signal ends the process, as nothing has been begun.
pub(super) fn counted() -> watch::Receiver<u8> {
    let (count, counted) = watch::channel(0_u8);
    // Listened to from here on, and never anew: one that comes while another is counted is counted after it.
    let mut signals = Signals::new();
    tokio::spawn(async move {
        loop {
            signals.next().await;
            count.send_modify(|count| *count = count.saturating_add(1));
        }
    });
    counted
}

#[cfg(unix)]
struct Signals([Option<Signal>; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Self(kinds.map(|kind| signal(kind).ok()))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
            () = received(hangup) => {}
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
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use nix::sys::signal::{Signal, raise};

    use super::*;

    #[tokio::test]
    async fn test_signals_that_come_together_are_counted_each() {
        for _ in 0..8 {
            let mut counted = counted();
            raise(Signal::SIGINT).unwrap();
            raise(Signal::SIGTERM).unwrap();
            assert_eq!(*counted.wait_for(|count| *count >= 2).await.unwrap(), 2);
        }
    }
}

use tokio::sync::watch;

/// How often the operator pressed Ctrl-C.
#[derive(Debug, Clone)]
pub(super) struct Interrupt {
    pressed: watch::Receiver<u8>,
}

impl Interrupt {
    pub(super) fn new(pressed: watch::Receiver<u8>) -> Self {
        Self { pressed }
    }

    pub(super) fn count(&self) -> u8 {
        *self.pressed.borrow()
    }

    /// Until it is pressed again; for ever where nobody can press it any more.
    pub(super) async fn changed(&mut self) {
        if self.pressed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Until it has been pressed so often in all.
    pub(super) async fn at_least(&mut self, count: u8) {
        while self.count() < count {
            self.changed().await;
        }
    }
}

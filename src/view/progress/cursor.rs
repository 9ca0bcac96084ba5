use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::TermLike;

/// A terminal whose cursor rests at the beginning of the last line that was drawn.
///
/// It would rest behind the end of that line. The `^C` that a terminal shows by itself when it is typed would then begin a line of its own,
/// and all that is drawn afterwards would be one line too low: the first row would stay on the screen for good.
#[derive(Debug)]
pub(super) struct AtLineStart<T> {
    terminal: T,
    /// Whether it rests there.
    rests: AtomicBool,
}

impl<T> AtLineStart<T> {
    pub(super) fn new(terminal: T) -> Self {
        Self { terminal, rests: AtomicBool::new(false) }
    }
}

impl<T: TermLike> AtLineStart<T> {
    /// What is written without that the last line was cleared comes after it.
    fn after_what_stays(&self) -> io::Result<()> {
        if self.rests.swap(false, Ordering::Relaxed) { self.terminal.write_str("\n") } else { Ok(()) }
    }
}

impl<T: TermLike> TermLike for AtLineStart<T> {
    fn width(&self) -> u16 {
        self.terminal.width()
    }

    fn height(&self) -> u16 {
        self.terminal.height()
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.terminal.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.terminal.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.terminal.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.terminal.move_cursor_left(columns)
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.after_what_stays()?;
        self.terminal.write_line(line)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.after_what_stays()?;
        self.terminal.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.rests.store(false, Ordering::Relaxed);
        self.terminal.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.rests.store(true, Ordering::Relaxed);
        self.terminal.write_str("\r")?;
        self.terminal.flush()
    }
}

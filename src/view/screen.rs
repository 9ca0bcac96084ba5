use anstyle::{AnsiColor, Style};

/// How wide a page is at most, in columns.
pub const WIDTH: usize = 100;
/// How wide it is at least: what is shown by less is broken as it comes.
const NARROW: usize = 60;

/// How pages are drawn: decided once by the command line, the same for all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Screen {
    /// Whether colour may be added.
    pub colour: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
    /// Whether nothing is folded, and every reason is told.
    pub verbose: bool,
    /// How wide the terminal is, where it is one.
    pub columns: Option<usize>,
}

/// What a piece of text means, and so its colour. Nothing is said by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// It grows, or it is done.
    Good,
    /// It shrinks, or it failed.
    Bad,
    /// It wants a second look.
    Attention,
    /// It is fine and need not be read.
    Dim,
    /// It is what the page is about.
    Strong,
}

/// A sign that has an ASCII form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// From one value to another.
    Arrow,
    /// Something is left out here.
    More,
    /// A step is done.
    Done,
    /// A step failed.
    Failed,
    /// A step is under way.
    Under,
    /// A step waits.
    Waits,
    /// A line across.
    Rule,
}

impl Screen {
    /// A text in the colour of what it means.
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let style = ink.style();
        format!("{}{text}{}", style.render(), style.render_reset())
    }

    /// How wide a page is here.
    pub fn width(&self) -> usize {
        self.columns.map_or(WIDTH, |columns| columns.clamp(NARROW, WIDTH))
    }

    /// A sign as this terminal shows it.
    pub fn sign(&self, sign: Sign) -> &'static str {
        let (unicode, ascii) = match sign {
            Sign::Arrow => ("→", "->"),
            Sign::More => ("…", ".."),
            Sign::Done => ("✓", "ok"),
            Sign::Failed => ("✗", "!!"),
            Sign::Under => ("◐", ".."),
            Sign::Waits => ("·", "--"),
            Sign::Rule => ("─", "-"),
        };
        if self.unicode { unicode } else { ascii }
    }
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Attention => AnsiColor::Yellow.on_default(),
            Self::Dim => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_colour_only_adds() {
        let plain = Screen::default();
        let colour = Screen { colour: true, ..plain };
        assert_eq!(plain.paint(Ink::Bad, "down"), "down");
        assert_eq!(colour.paint(Ink::Bad, "down"), "\u{1b}[31mdown\u{1b}[0m");
        assert_eq!(colour.paint(Ink::Bad, ""), "");
    }
}

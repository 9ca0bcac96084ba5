//! What happens during an apply, drawn from events alone: as a live table, as plain timed lines, or as JSON lines.

mod board;
mod cursor;
mod json;
mod lines;
mod live;

pub use json::line as json_line;
pub use lines::Lines;
pub use live::Live;

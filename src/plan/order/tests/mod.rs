//! What the order is held against, over cases of any shape.

mod actions;
mod case;
mod closure;
mod confined;
mod needs;
mod required;
mod restarted;

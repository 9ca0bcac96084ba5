//! What runbooks did by hand, as states: the mistakes that they made possible, and their procedures.

mod mistakes;
mod order;

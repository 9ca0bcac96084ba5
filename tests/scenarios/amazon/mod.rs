//! What only AWS can show, on moto: `tests/rig/rig run --only moto cargo test --all-features --test live amazon`.

mod checks;
mod credentials;
mod failover;
mod groups;
mod instances;
mod live;
mod mistakes;
#[path = "../../seeds/order.rs"]
mod order;
mod pipeline;
mod procedures;
mod regions;
mod targets;
mod troubles;
mod weights;
mod world;

//! AWS for opsctl's tests: a proxy before moto, in the test's own process.
//!
//! moto keeps the resources of AWS in memory, settles at once and checks few rules. This proxy
//! - answers as AWS does where moto does not: the module `mend`, a file a service;
//! - does what a test asks for by [`Proxy::when`]: throttles, refuses, delays, loses answers, closes connections, alters
//!   and answers ([`late`] has what is not yet true), or goes [`Proxy::down`] altogether;
//! - remembers all calls, so that a test can compare them with what opsctl has counted.
//!
//! Each proxy is an AWS account of its own, so tests do not see each other's resources.
//!
//! ```no_run
//! use opsctl_aws_proxy::{Proxy, late};
//! use serde_json::json;
//!
//! let aws = Proxy::start();
//! aws.console("us-east-1").json("ecs", "CreateCluster", &json!({ "clusterName": "edge" }));
//! let throttled = aws.when("ecs", "UpdateService").says("web").times(2).throttle();
//! aws.when("ecs", "DescribeServices").after("UpdateService").times(3).alter(late::ecs_running(2));
//! // … AWS_ENDPOINT_URL = aws.url() …
//! assert_eq!(throttled.hits(), 2);
//! assert_eq!(aws.count("ecs", "UpdateService"), 3);
//! ```

mod answer;
mod call;
mod cbor;
mod cloudwatch;
mod console;
pub mod late;
mod mend;
mod moto;
mod operation;
mod proxy;
mod rule;
mod xml;

pub use answer::{Answer, Refusal};
pub use call::{Call, Protocol};
pub use console::Console;
pub use hyper::Method;
pub use proxy::Proxy;
pub use rule::{Rule, When};
pub use xml::Xml;

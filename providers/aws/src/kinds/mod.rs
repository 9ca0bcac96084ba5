//! The kinds, one file each, with what the client needs of it in a file `live` beneath. A new kind is these two, and a line in [`ALL`].

mod asg;
mod cloudwatch_alarm;
mod cloudwatch_metric;
mod ec2_instance;
mod ecs_service;
mod kinesis_stream;
mod lambda_alias;
mod only_read;
mod rds_instance;
mod route53_record;
mod s3_bucket;
mod s3_object;
mod s3_prefix;
mod scalable_target;
mod secret;
mod target_group;

#[cfg(feature = "live")]
use futures_util::future::join_all;
#[cfg(feature = "live")]
use opsctl_api::{Answer, Fault, Preflight, Write, Written};
use opsctl_api::{Batch, Change, Edit, Hop, Kind, Live, NoWay, Value};

#[cfg(feature = "live")]
use crate::provider::Site;
#[cfg(feature = "live")]
use crate::read::{Found, Need};

/// All kinds, sorted by name.
const ALL: &[&Served] = &[
    &asg::SERVED,
    &cloudwatch_alarm::SERVED,
    &cloudwatch_metric::SERVED,
    &ec2_instance::SERVED,
    &ecs_service::SERVED,
    &kinesis_stream::SERVED,
    &lambda_alias::SERVED,
    &rds_instance::SERVED,
    &route53_record::ALIAS,
    &route53_record::RECORD,
    &s3_bucket::SERVED,
    &s3_object::SERVED,
    &s3_prefix::SERVED,
    &scalable_target::SERVED,
    &secret::SERVED,
    &target_group::SERVED,
];

/// The same, as the catalogue shows them.
pub(crate) static KINDS: &[Kind] = &{
    let mut kinds = [ALL[0].kind; ALL.len()];
    let mut index = 0;
    while index < kinds.len() {
        kinds[index] = ALL[index].kind;
        index += 1;
    }
    kinds
};

/// A kind, and what the API makes of its changes.
pub(crate) struct Served {
    /// Its path and settings.
    pub(crate) kind: Kind,
    /// The calls of a change.
    pub(crate) hops: fn(&Change, &Live) -> Result<Vec<Hop>, NoWay>,
    /// What may share a call with a hop.
    pub(crate) batch: fn(&Hop) -> Option<Batch>,
    /// What a person would type.
    pub(crate) by_hand: fn(&Hop, &str) -> String,
    /// How it is read and written.
    #[cfg(feature = "live")]
    pub(crate) calls: Calls,
}

/// Writes that may share a call, each with its resource as it was read last.
#[cfg(feature = "live")]
type Together<'a> = &'a [(&'a Write, &'a Live)];

/// What is said of a hop before it is made; `None` where nothing tells.
#[cfg(feature = "live")]
pub(crate) type Told = Option<Preflight>;

/// How a kind is read and written.
#[cfg(feature = "live")]
pub(crate) struct Calls {
    /// Reads all that is asked of the kind in few calls. What is not there is left out.
    pub(crate) read: for<'a> fn(Site<'a>, &'a Need<'a>) -> Answer<'a, Found>,
    /// Whether its writes read it by themselves, so that it need not be read again right before.
    pub(crate) reads_by_itself: bool,
    /// Sends them. An answer each.
    pub(crate) write: for<'a> fn(Site<'a>, Together<'a>) -> Answer<'a, Vec<Written>>,
    /// Asks the API's dry run, or what else tells that it would refuse. No answers mean that nothing does.
    pub(crate) preflight: for<'a> fn(Site<'a>, &'a [&'a Hop]) -> Answer<'a, Vec<Told>>,
}

#[cfg(feature = "live")]
impl Calls {
    /// Of a kind that is only read.
    const fn reads(read: for<'a> fn(Site<'a>, &'a Need<'a>) -> Answer<'a, Found>) -> Self {
        Self {
            read,
            reads_by_itself: false,
            write: |_, batch| {
                Box::pin(each(batch, async |_, _| Written::Refused(Fault::Invalid("it is only read".to_owned()))))
            },
            preflight: |_, _| Box::pin(async { Vec::new() }),
        }
    }
}

/// Sends each write by itself.
#[cfg(feature = "live")]
async fn each<'a, S: Future<Output = Written>>(
    batch: Together<'a>,
    send: impl Fn(&'a Write, &'a Live) -> S,
) -> Vec<Written> {
    join_all(batch.iter().map(|(write, live)| send(write, live))).await
}

/// The kind of this name.
pub(crate) fn served(kind: &str) -> Option<&'static Served> {
    ALL.iter().copied().find(|served| served.kind.name == kind)
}

/// All of a change in one call.
fn one_call(change: &Change) -> Result<Vec<Hop>, NoWay> {
    Ok(change.in_one_hop())
}

/// Each goes alone.
fn alone(_hop: &Hop) -> Option<Batch> {
    None
}

/// The edit of a setting.
fn edit<'a>(edits: &'a [Edit], setting: &str) -> Option<&'a Edit> {
    edits.iter().find(|edit| edit.setting == setting)
}

/// What a setting will be after a change.
fn after<'a>(change: &'a Change, live: &'a Live, setting: &str) -> Option<&'a Value> {
    match edit(&change.edits, setting) {
        Some(edit) => edit.to.as_ref(),
        None => live.value(setting),
    }
}

/// The hop of these edits.
fn hop(change: &Change, edits: Vec<Edit>) -> Hop {
    Hop { at: change.at.clone(), edits, coupled: Vec::new() }
}

use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Effect, Kind, Readiness, Value};

use crate::knobs::{Time, Trouble};
use crate::resource::{Past, Resource, Slot};
use crate::world::World;

/// Whether a resource does what its settings say at a time: what was changed last takes the knob `settle` to become true.
pub(crate) fn readiness(world: &World, kind: &Kind, resource: &Resource, now: Timestamp) -> Readiness {
    let Time(settle) = world.knob(Some(resource), |knobs| knobs.settle).unwrap_or(Time(Duration::ZERO));
    let mut failed = None;
    let mut slowest: Option<Readiness> = None;
    for slot in resource.slots() {
        let Some(past) = &slot.past else { continue };
        if failed.is_none() {
            failed =
                world.knob(Some(resource), |knobs| knobs.fail.clone()).and_then(|fail| Trouble::why(fail, "it failed"));
        }
        let elapsed = Duration::try_from(now.duration_since(past.at)).unwrap_or(Duration::ZERO);
        if elapsed < settle {
            let counted = kind.setting(&slot.key).is_some_and(|setting| setting.effect == Effect::Capacity);
            let progress = if counted { members(slot, past, elapsed, settle) } else { None };
            // What can be counted says more than that something is going on.
            match (&slowest, progress) {
                (_, Some(progress)) => slowest = Some(progress),
                (None, None) => slowest = Some(Readiness::Progressing { done: 0, total: 1, what: String::new() }),
                (Some(_), None) => {}
            }
        }
    }
    slowest.or(failed.map(Readiness::Failed)).unwrap_or(Readiness::Ready)
}

/// How far a count has come, in a straight line.
fn members(slot: &Slot, past: &Past, elapsed: Duration, settle: Duration) -> Option<Readiness> {
    let count = |value: Option<&Value>| value.and_then(Value::as_integer).and_then(|count| u64::try_from(count).ok());
    let total = count(slot.value.as_ref())?;
    let was = count(past.was.as_ref()).unwrap_or(0);
    let part = |of: u64| (of as f64 * elapsed.as_secs_f64() / settle.as_secs_f64()) as u64;
    Some(if was <= total {
        // The last one comes when all is settled, not before.
        let done = (was + part(total - was)).min(total.saturating_sub(1)).max(was.min(total));
        Readiness::Progressing { done, total, what: String::new() }
    } else {
        let left = (was - total - part(was - total)).max(1);
        Readiness::Progressing { done: total, total, what: format!("{left} still to stop") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(was: i64, to: i64, elapsed: u64) -> Readiness {
        let past = Past { was: Some(Value::Integer(was)), at: Timestamp::UNIX_EPOCH, by: "x".into() };
        let slot = Slot { key: "replicas".into(), value: Some(Value::Integer(to)), past: None };
        members(&slot, &past, Duration::from_secs(elapsed), Duration::from_secs(10)).unwrap()
    }

    #[test]
    fn test_members_come_one_by_one() {
        let up = |done| Readiness::Progressing { done, total: 10, what: String::new() };
        assert_eq!(progress(0, 10, 0), up(0));
        assert_eq!(progress(0, 10, 5), up(5));
        assert_eq!(progress(4, 10, 5), up(7));
        assert_eq!(progress(0, 1, 9), Readiness::Progressing { done: 0, total: 1, what: String::new() });
    }

    #[test]
    fn test_members_go_one_by_one() {
        let Readiness::Progressing { done, total, what } = progress(10, 2, 5) else { panic!() };
        assert_eq!((done, total, what.as_str()), (2, 2, "4 still to stop"));
    }
}

use super::{Plan, WayBack};
use crate::digest::Digest;

/// sha256 over a plan's canonical form, in hex: all of it but its version, times, calls and estimates.
pub(super) fn digest(plan: &Plan) -> String {
    // Taken apart without `..`, so that no new field is forgotten.
    let Plan {
        format,
        digest: _,
        intent,
        instances,
        declared,
        resources,
        steps,
        skipped,
        owners,
        traffic,
        restarts,
        leaves,
        holes,
        failed_needs,
        undercuts,
        preflight,
        quotas,
        refusals,
        checks,
        actions,
        estimate: _,
        way_back,
    } = plan;
    let mut hash = Digest::new();
    hash.add(format);
    hash.add(intent);
    for (name, instance) in instances {
        hash.add(&(name, &instance.provider, &instance.target, &instance.identity, instance.unreachable.is_some()));
    }
    hash.add(declared);
    hash.add(resources);
    hash.add(steps);
    hash.add(skipped);
    hash.add(owners);
    hash.add(traffic);
    hash.add(restarts);
    hash.add(leaves);
    hash.add(holes);
    hash.add(failed_needs);
    hash.add(undercuts);
    hash.add(preflight);
    hash.add(quotas);
    hash.add(refusals);
    hash.add(checks);
    hash.add(actions);
    hash.add(&WayBack { estimate: None, ..way_back.clone() });
    hash.hex()
}

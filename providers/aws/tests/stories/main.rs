//! What the conformance suite does not ask: what is slow, busy, throttled or somebody else's, and how many calls it takes. On moto,
//! behind the proxy that is told to be so: `tests/rig/rig run --only moto cargo test -p opsctl-aws --features rig`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on ends")]

mod account;
mod alarms;
mod aliases;
mod buckets;
mod databases;
#[path = "../conformance/environment.rs"]
mod environment;
mod groups;
mod instances;
mod metrics;
mod objects;
mod records;
mod secrets;
mod services;
mod sizers;
mod streams;
mod targets;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Trials, each named after the function that is one.
macro_rules! stories {
    ($($module:ident: $($story:ident),+;)*) => {
        vec![$($(Trial::test(concat!(stringify!($module), "::", stringify!($story)), || {
            $module::$story();
            Ok(())
        }),)+)*]
    };
}

fn main() -> ExitCode {
    let stories = stories! {
        alarms: how_it_stands_is_seen, an_alarm_of_alarms_is_one_too, many_are_silenced_by_one_call, an_answer_is_lost,
            it_is_throttled;
        aliases: somebody_was_faster, who_changes_the_description_is_not_overwritten, what_is_no_version_is_told_before;
        buckets: other_rules_stay, tags_are_a_note, an_answer_is_lost, the_newest_of_a_prefix;
        databases: it_is_on_its_way, a_class_that_cannot_be_ordered_is_told_before, what_is_busy_is_asked_again, what_is_pending_is_not_made_along,
            one_with_replicas_is_not_stopped, a_stopped_one_starts_itself, a_cluster_stops_its_own,
            the_newest_snapshot_counts, snapshots_are_asked_for_where_they_are_wanted, an_age_that_cannot_be_had_is_told;
        groups: others_hold_it, without_launching_it_never_grows;
        objects: what_else_it_has_stays, tags_that_may_not_be_read_stay, an_earlier_version_comes_back,
            somebody_was_faster, it_is_busy_or_lost,
            what_is_no_small_text_is_hidden, what_is_archived_is_told;
        records: both_sorts_share_a_call, many_are_read_no_faster_than_aws_takes, somebody_was_faster, it_is_busy_and_late, a_ttl_changes_for_all;
        secrets: one_key_changes_and_there_is_a_way_back, what_others_change_meanwhile_stays, somebody_was_faster,
            an_answer_is_lost, what_is_refused_and_done_was_done, it_is_throttled, old_versions_are_let_go, others_hold_it, what_has_no_keys_is_hidden,
            what_is_deleted_is_missing, what_may_not_be_read_is_denied;
        instances: a_type_changes_at_rest, a_type_that_is_not_there_is_told_before, it_is_on_its_way, what_is_busy_is_asked_again, no_capacity_is_a_refusal,
            an_answer_is_lost, it_is_throttled, a_terminated_one_is_missing, others_hold_it, what_is_protected_is_told_before,
            what_the_dry_run_refuses_is_told_before,
            many_take_few_calls;
        metrics: five_minutes_are_measured, silence_is_no_number, an_answer_in_parts_is_put_together,
            two_hundred_take_two_calls;
        sizers: others_size_it, who_sizes_it_cannot_be_read, a_write_lists_no_region;
        services: a_deployment_waits_and_fails, a_task_definition_that_is_not_there_is_told_before, an_answer_is_lost, it_is_throttled, others_hold_it, bounds_may_be_scheduled,
            a_part_that_is_lost_is_no_less, a_thousand_take_few_calls;
        streams: it_is_on_its_way, a_rule_is_no_throttle, what_is_busy_is_asked_again, on_demand_has_no_shards,
            many_are_described_no_faster_than_aws_takes;
        targets: targets_come_and_go, one_that_is_missing_hides_no_other, one_of_them_is_throttled;
    };
    environment::alone(|| libtest_mimic::run(&Arguments::from_args(), stories).exit_code())
}

//! Changes whose way is longer than one call: what it leads through, and what it uses up.

use crate::harness::Repository;

const OPSCTL: &str = "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n";
const WORLD: &str = r#"
[resource.box]
at = "lab:machine/box"
running = true
size = "small"
load = 0.5

[resource.events]
at = "lab:stream/events"
shards = 4
"#;
const BASELINE: &str = r#"
[resource.box]
at = "lab:machine/box"
size = "small"

[resource.events]
at = "lab:stream/events"
shards = 4

[check.load]
at = "box"
setting = "load"
is = { at_most = 4.0 }
"#;

fn repository() -> Repository {
    Repository::of(&[
        ("opsctl.toml", OPSCTL),
        ("world.toml", WORLD),
        ("states/baseline.toml", BASELINE),
        (
            "states/peak.toml",
            "extends = \"baseline\"\n[resource.box]\nsize = \"large\"\n[resource.events]\nshards = 100\n",
        ),
        ("states/flood.toml", "extends = \"baseline\"\n[resource.events]\nshards = 9000\n"),
    ])
}

#[test]
fn test_what_a_way_leads_through_and_what_it_uses_up() {
    let repository = repository();
    insta::assert_snapshot!(repository.opsctl(&["plan", "peak"]), @r#"
    peak   now: nothing was applied yet

      lab  sim   simulated lab

    Look twice
      interrupts  lab:machine/box is running = false while its size is changed
      quota       lab:stream/events shards: 5 calls there and 5 back, and the API takes 10 in 24h: that
                  uses them all up

    Steps                                               waits until  after
      1 ~ lab  machine/box    size   "small" → "large"  ready
                on the way: running true → false, then running false → true
                in 3 calls, one after the other
        + lab  stream/events  shards 4 → 100            ready
                in 5 calls, one after the other

    Then      check load: lab:machine/box load is <= 4
    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells
    Way back  2 steps, nothing is irreversible

    2 to change, 0 as they should be.   5 API calls: lab 5.   Plan HASH
    Nothing was changed. To do it: opsctl apply peak
    "#);
    repository.done(&["apply", "peak", "-y"]);
    for (at, setting, value) in [
        ("lab:machine/box", "running", "true"),
        ("lab:machine/box", "size", "\"large\""),
        ("lab:stream/events", "shards", "100"),
    ] {
        assert_eq!(repository.simulated(at, setting).to_string(), value);
    }
    insta::assert_snapshot!(repository.done(&["plan", "peak"]).out, @"peak: nothing to change. 2 settings of 2 resources read from lab are as they should be.");
    repository.done(&["rollback", "-y"]);
    insta::assert_snapshot!(repository.done(&["plan", "baseline"]).out, @"baseline: nothing to change. 2 settings of 2 resources read from lab are as they should be.");
}

#[test]
fn test_a_way_that_is_longer_than_the_api_allows_is_refused() {
    insta::assert_snapshot!(repository().opsctl(&["plan", "flood"]), @"
    flood   now: nothing was applied yet

      lab  sim   simulated lab

    Look twice
      refused     lab:stream/events: shards takes 12 calls to get there, and the API takes 10 in 24h;
                  set a value that is nearer, and the rest another day
      quota       lab:stream/events shards: 12 calls there and 12 back, and the API takes 10 in 24h: the
                  way back has to wait for that

    Steps                                      waits until  after
      1 + lab  stream/events  shards 4 → 9000  ready
                in 12 calls, one after the other

    Then      check load: lab:machine/box load is <= 4
    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 1 as they should be.   4 API calls: lab 4.   Plan HASH
    An apply of it is refused, for 1 reason.
    --- exit 3
    ");
}

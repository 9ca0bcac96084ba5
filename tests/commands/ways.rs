//! Changes whose way is longer than one call: what it leads through, and what it uses up.

use crate::harness::{Repository, Said};

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

pub(crate) fn repository() -> Repository {
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

/// What a page says, without where its lines end.
fn words(said: &Said) -> String {
    said.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What was called today is called no less for having been taken back.
#[test]
fn test_what_was_called_in_the_time_of_a_limit_counts() {
    let repository = repository();
    repository.write("states/double.toml", "extends = \"baseline\"\n[resource.events]\nshards = 8\n");
    repository.done(&["apply", "double", "-y"]);
    let said = repository.done(&["plan", "peak"]);
    let quota = "4 calls there and 4 back, and the API takes 10 in 24h, of which 1 is made";
    assert!(!words(&said).contains(quota), "{said}");
    repository.done(&["rollback", "-y"]);
    let said = repository.done(&["plan", "peak"]);
    let quota = "5 calls there and 5 back, and the API takes 10 in 24h, of which 2 are made: the way back has to wait";
    assert!(words(&said).contains(quota), "{said}");
    repository.done(&["apply", "peak", "-y"]);
    // What is a way back is told with what it needs, too.
    let said = repository.ends(3, &["rollback", "-y"]);
    assert!(words(&said).contains("there is room for that after"), "{said}");
    let refused = "shards takes 5 calls to get there, and the API takes 10 in 24h, of which 7 are made";
    assert!(words(&said).contains(refused), "{said}");
    let said = repository.ends(10, &["rollback", "-y", "--exclude", "lab:stream/events"]);
    assert!(!words(&said).contains(refused), "{said}");
}

/// The west's database takes another size only while it does not run: on the way home it does so once nobody is left on it, though what
/// needs it takes another configuration besides.
#[test]
fn test_what_others_rely_on_is_not_stopped_while_they_serve() {
    let repository = Repository::of(&[
        ("opsctl.toml", OPSCTL),
        (
            "world.toml",
            r#"
[resource.db]
at = "lab:machine/db"
running = true
size = "large"
[resource.api]
at = "lab:service/api"
replicas = 3
config.db = "west"
[resource.west]
at = "lab:record/www/west"
weight = 100
[resource.east]
at = "lab:record/www/east"
weight = 0
"#,
        ),
        (
            "states/home.toml",
            r#"
[resource.db]
at = "lab:machine/db"
running = true
size = "small"
[resource.api]
at = "lab:service/api"
replicas = 1
config.db = "east"
needs = ["db"]
[resource.west]
at = "lab:record/www/west"
weight = 0
needs = ["api"]
pool = "www"
[resource.east]
at = "lab:record/www/east"
weight = 100
pool = "www"
"#,
        ),
    ]);
    insta::assert_snapshot!(repository.opsctl(&["plan", "home", "-v"]), @r#"
    home   now: nothing was applied yet

      lab  sim   simulated lab

    Look twice
      traffic     www moves: east 0 → 100, west 100 → 0
      interrupts  lab:machine/db is running = false while its size is changed

    Steps                                                    waits until  after
      1 + lab  record/www/east  weight      0 → 100          ready
      2 - lab  record/www/west  weight    100 → 0            ready        1
                after 1 lab:record/www/east: in pool www the growing come before the shrinking
      3 - lab  service/api      config.db "west" → "east"    ready        2
                                replicas    3 → 1
                after 2 lab:record/www/west: west needs api (states/home.toml:14:10)
      4 ~ lab  machine/db       size      "large" → "small"  ready        3
                on the way: running true → false, then running false → true
                in 3 calls, one after the other
                after 3 lab:service/api: api needs db (states/home.toml:10:10)

    Accepted  4 of 4 in a dry run
    Time      unknown: no earlier operation tells
    Way back  4 steps, nothing is irreversible

    5 to change, 1 as they should be. 9 API calls: lab 9 (1 DRYRUN machine, 2 DRYRUN record, 1 DRYRUN
    service, 1 GET identity, 1 GET machine, 2 GET record, 1 GET service). Plan HASH
    Nothing was changed. To do it: opsctl apply home
    "#);
}

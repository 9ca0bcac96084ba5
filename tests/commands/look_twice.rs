//! Each thing that a plan says to look at twice, as a page; `plan_document.rs` holds the same facts in the document.

use std::process::Child;

use crate::harness::Repository;
use crate::stopped::{hanging, signal};

const LAB: &str = "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n";

/// A document that is promoted for good, and a service that another program holds.
pub(crate) fn one_way() -> Repository {
    let plain = "[resource.standby]\nat = \"lab:document/standby\"\npromoted = false\n[resource.web]\nat = \"lab:service/web\"\nreplicas = 2\n";
    let held = "[resource.web.sim]\nowners = [{ name = \"Argo CD application shop\", settings = [\"replicas\"], soon = \"3m\" }]\n";
    let promoted = "extends = \"baseline\"\nallow_one_way = [\"lab:document/standby\"]\n[resource.standby]\npromoted = true\n[resource.web]\nreplicas = 4\n";
    Repository::of(&[
        ("opsctl.toml", LAB),
        ("world.toml", &format!("{plain}{held}")),
        ("states/baseline.toml", plain),
        ("states/promoted.toml", promoted),
    ])
}

/// What only `busy` sets, before and after it was applied.
pub(crate) fn hole() -> Repository {
    let repository = Repository::small();
    repository.write(
        "states/busy.toml",
        "extends = \"baseline\"\nsummary = \"More of everything\"\n[resource.settings]\ndata.shield = \"0\"\n",
    );
    repository
}

pub(crate) fn left_alone() -> Repository {
    let repository = hole();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=3"]);
    repository
}

/// What the API moves along with what `more` sets, and nobody sets back.
pub(crate) fn moved_along() -> Repository {
    Repository::of(&[
        ("opsctl.toml", LAB),
        ("world.toml", "[resource.nodes]\nat = \"lab:pool/nodes\"\nmin = 1\ndesired = 2\nmax = 4\n"),
        ("states/baseline.toml", "[resource.nodes]\nat = \"lab:pool/nodes\"\nmin = 1\n"),
        ("states/more.toml", "extends = \"baseline\"\non_failure = \"rollback\"\n[resource.nodes]\nmin = 3\n"),
    ])
}

/// More than its bound asks for, as `busy` made it; then somebody else did.
pub(crate) fn content() -> Repository {
    let live = "[resource.api]\nat = \"lab:service/api\"\nreplicas = 2\n[resource.web]\nat = \"lab:service/web\"\n";
    let baseline = "[resource.ghost]\nat = \"lab:service/ghost\"\noptional = true\nreplicas = 1\n";
    let repository = Repository::of(&[
        ("opsctl.toml", LAB),
        ("world.toml", &format!("{live}replicas = 2\n")),
        ("states/baseline.toml", &format!("{live}replicas = {{ at_least = 2 }}\n{baseline}")),
        ("states/busy.toml", "extends = \"baseline\"\n[resource.api]\nreplicas = 3\n[resource.web]\nreplicas = 6\n"),
    ]);
    repository.done(&["apply", "busy", "-y"]);
    repository
}

/// What was to go back, and somebody else turned since.
pub(crate) fn not_as_left() -> Repository {
    let repository = content();
    let text = std::fs::read_to_string(repository.path("states/baseline.toml")).unwrap();
    repository.write("states/baseline.toml", &text.replace("{ at_least = 2 }", "{ restore = true }"));
    repository.done(&["sim", "set", "lab:service/web", "replicas=7"]);
    repository
}

/// An apply that was killed.
pub(crate) fn open() -> Repository {
    let repository = Repository::small();
    let (mut child, _lines) = hanging(&repository);
    signal(&child, "KILL");
    child.wait().unwrap();
    repository
}

/// An apply that is under way, which is to be killed.
pub(crate) fn locked() -> (Repository, Child) {
    let repository = Repository::small();
    let (child, _lines) = hanging(&repository);
    (repository, child)
}

/// Both records have been moved and take long to drain now.
pub(crate) fn over_the_rto() -> Repository {
    let repository = Repository::small();
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    repository.done(&["apply", "baseline", "-y"]);
    for record in ["east", "west"] {
        let text = std::fs::read_to_string(repository.path("states/baseline.toml")).unwrap();
        let head = format!("[resource.{record}]\n");
        repository.write("states/baseline.toml", &text.replace(&head, &format!("{head}drain_time = \"20m\"\n")));
    }
    repository
}

pub(crate) fn unreachable() -> Repository {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    repository
}

/// The origin failed; `less` takes the edge from before it.
pub(crate) fn failed() -> Repository {
    let repository = Repository::small();
    repository.write("states/less.toml", "extends = \"baseline\"\n[resource.edge]\nreplicas = 1\n");
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "sim.fail=no quota", "replicas=2"]);
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=1"]);
    repository
}

/// A drained broker, and what was called for it.
pub(crate) fn called() -> Repository {
    let broker = "[resource.broker-4]\nat = \"lab:service/broker-4\"\nreplicas = 1\n";
    let stopped = "extends = \"baseline\"\n[resource.broker-4]\nreplicas = 0\n[action.drain-4]\nrun = [\"true\"]\nbefore = [\"broker-4\"]\n";
    Repository::of(&[
        ("opsctl.toml", LAB),
        ("world.toml", broker),
        ("states/baseline.toml", broker),
        ("states/stopped.toml", stopped),
    ])
}

#[test]
fn test_what_has_no_way_back_and_who_holds_it() {
    insta::assert_snapshot!(one_way().opsctl(&["plan", "promoted"]), @"
    promoted   now: nothing was applied yet

      lab  sim   simulated lab

    Look twice
      one-way     lab:document/standby promoted false → true: there is no way back
      owner       Argo CD application shop holds replicas of lab:service/web and leaves it alone until
                  its next run

    Steps                                               waits until  after
      1 + lab  document/standby  promoted false → true  ready
        + lab  service/web       replicas 2 → 4         ready

    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step; cannot be taken back: lab:document/standby promoted

    2 to change, 0 as they should be.   5 API calls: lab 5.   Plan HASH
    Nothing was changed. To do it: opsctl apply promoted
    ");
}

#[test]
fn test_what_no_root_sets() {
    insta::assert_snapshot!(hole().opsctl(&["plan", "busy"]), @r#"
    busy   More of everything   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      hole        k8s:configmap/cdn/settings data.shield has no way back but a rollback: baseline says
                  nothing about it

    Steps                                                        waits until  after
      1 ~ k8s  configmap/cdn/settings  data.shield absent → "0"  ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 6 as they should be.   9 API calls: aws 3, k8s 6.   Plan HASH
    Nothing was changed. To do it: opsctl apply busy
    --- stderr
    warning[W0301]: busy sets data.shield of settings, and baseline does not: it has no way back
      ┌ states/busy.toml:4:6
    4 │ data.shield = "0"
      │      ^^^^^^
      = give it a value, or { restore = true }, in states/baseline.toml

    1 warning in 1 file; opsctl explain W0301 says more.
    "#);
}

#[test]
fn test_what_another_state_set() {
    insta::assert_snapshot!(left_alone().opsctl(&["plan", "baseline"]), @r#"
    baseline   As always   now: busy, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      drift       k8s:deployment/cdn/edge replicas was to be 2 by what stands, and is 3
      left alone  k8s:configmap/cdn/settings data.shield = "0" is set by busy; baseline says nothing
                  about it

    Steps                                           waits until  after
      1 - k8s  deployment/cdn/edge  replicas 3 → 2  ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 5 as they should be.   9 API calls: aws 3, k8s 6.   Plan HASH
    Nothing was changed. To do it: opsctl apply baseline
    --- stderr
    warning[W0301]: busy sets data.shield of settings, and baseline does not: it has no way back
      ┌ states/busy.toml:4:6
    4 │ data.shield = "0"
      │      ^^^^^^
      = give it a value, or { restore = true }, in states/baseline.toml

    1 warning in 1 file; opsctl explain W0301 says more.
    "#);
}

/// What the API does not take back no flag allows: it can only be left out.
#[test]
fn test_a_full_return_leaves_out_what_has_no_way_back() {
    let repository = one_way();
    repository.write("world.toml", &std::fs::read_to_string(repository.path("states/baseline.toml")).unwrap());
    repository.done(&["apply", "promoted", "-y"]);
    let said = repository.ends(3, &["plan", "@1"]).out;
    let refused = "  refused     lab:document/standby: refused: promoted: there is no way back; leave it as it is with\n              --exclude lab:document/standby\n";
    assert!(said.contains(refused) && said.matches("refused   ").count() == 1, "{said}");
    repository.done(&["apply", "@1", "-y", "--exclude", "lab:document/standby"]);
}

#[test]
fn test_what_a_bound_leaves() {
    let repository = content();
    let said = repository.done(&["plan", "baseline"]).out;
    let left = "  left alone  lab:service/web replicas = 6 is set by busy; baseline is content with it\n";
    assert!(said.contains(left), "{said}");
    repository.done(&["apply", "baseline", "-y"]);
    let said = repository.done(&["plan", "baseline", "-v"]).out;
    assert!(said.contains("left alone  lab:service/web replicas = 6"), "{said}");
    // As much as is asked for is nobody's but its own.
    repository.done(&["sim", "set", "lab:service/web", "replicas=2"]);
    repository.write("states/busy.toml", "extends = \"baseline\"\n[resource.web]\nreplicas = 2\n");
    let said = repository.done(&["plan", "baseline"]).out;
    assert!(!said.contains("left alone"), "{said}");
}

#[test]
fn test_what_is_moved_along_and_no_root_sets() {
    let repository = moved_along();
    let said = repository.done(&["plan", "more"]).out;
    let hole = "  hole        lab:pool/nodes desired has no way back but a rollback: baseline says nothing about it\n";
    assert!(said.contains(hole), "{said}");
    repository.write("states/baseline.toml", "[resource.nodes]\nat = \"lab:pool/nodes\"\nmin = 1\ndesired = 2\n");
    let said = repository.done(&["plan", "more"]).out;
    assert!(!said.contains("hole"), "{said}");
}

#[test]
fn test_an_operation_that_did_not_end() {
    insta::assert_snapshot!(open().opsctl(&["plan", "baseline"]), @r#"
    baseline   As always   now: busy (did not end), AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s
      operation ID did not end: opsctl resume, or opsctl rollback

    Steps                                                           waits until  after
      1 ~ k8s  configmap/cdn/settings  data.mode "busy" → "normal"  ready
        - k8s  deployment/data/origin  replicas  2 → 1              ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells
    Way back  2 steps, nothing is irreversible

    2 to change, 4 as they should be.   10 API calls: aws 3, k8s 7.   Plan HASH
    Nothing was changed. To do it, end what is open first: opsctl resume, or opsctl rollback
    "#);
}

#[test]
fn test_who_holds_the_lock() {
    let (repository, mut child) = locked();
    let said = repository.opsctl(&["plan", "drained"]).to_string();
    signal(&child, "KILL");
    let process = child.id().to_string();
    child.wait().unwrap();
    insta::assert_snapshot!(said.replace(&process, "PROCESS"), @r#"
    drained   The spare serves   now: busy (running), AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s
      ana on a17 (process PROCESS) is applying busy (ID), 1 of 3 steps done, since TIME

    Look twice
      traffic     live moves: east 100 → 0, west 0 → 100

    Steps                                                           waits until        after
      1 ~ k8s  configmap/cdn/settings  data.mode "busy" → "normal"  ready
        · k8s  deployment/data/origin                               ready; now 1 of 2
      2 + k8s  deployment/cdn/spare    replicas    0 → 3            ready              1
      3 + aws  route53-record/…/live.example.com/…/west
                                       weight      0 → 100          ready              2
      4 - aws  route53-record/…/live.example.com/…/east
                                       weight    100 → 0            ready              1, 3
      5 - k8s  deployment/cdn/edge     replicas    2 → 0            ready              1, 4
      6 - k8s  deployment/data/origin  replicas    2 → 1            ready              1-3, 5

    Then      check edge: k8s:deployment/cdn/spare replicas is >= 1
    Accepted  6 of 6 in a dry run
    Time      unknown: no earlier operation tells; RTO 10m
    Way back  6 steps, nothing is irreversible

    6 to change, 0 as they should be.   14 API calls: aws 5, k8s 9.   Plan HASH
    Nothing was changed. To do it: opsctl apply drained
    "#);
}

#[test]
fn test_what_takes_longer_than_it_may() {
    insta::assert_snapshot!(over_the_rto().opsctl(&["plan", "drained"]), @"
    drained   The spare serves   now: baseline, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      traffic     live moves: east 100 → 0, west 0 → 100
      time        about 40m, 30m over the RTO of 10m

    Steps                                                                         waits until      after
      1 + k8s  deployment/cdn/spare                           replicas   0 → 3    ready
      2 + aws  route53-record/Z1/live.example.com/CNAME/west  weight     0 → 100  ready, then 20m  1
      3 - aws  route53-record/Z1/live.example.com/CNAME/east  weight   100 → 0    ready, then 20m  2
      4 - k8s  deployment/cdn/edge                            replicas   2 → 0    ready            3

    Then      check edge: k8s:deployment/cdn/spare replicas is >= 1
    Accepted  4 of 4 in a dry run
    Time      about 40m (1 run); RTO 10m
    Way back  4 steps, about 40m, nothing is irreversible

    4 to change, 2 as they should be.   12 API calls: aws 5, k8s 7.   Plan HASH
    Nothing was changed. To do it: opsctl apply drained
    ");
}

#[test]
fn test_what_cannot_be_reached() {
    insta::assert_snapshot!(unreachable().opsctl(&["plan", "drained"]), @r#"
    drained   The spare serves   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  unreachable, tolerated: nobody answers

    Look twice
      refused     aws:route53-record/Z1/live.example.com/CNAME/west: west needs spare, which cannot be
                  reached: nobody answers; mend spare first, or leave west out with --exclude
      refused     k8s:deployment/cdn/spare: spare needs origin, which cannot be reached: nobody answers;
                  mend origin first, or leave spare out with --exclude
      traffic     live moves: east 100 → 0, west 0 → 100
      owed        4 edits at k8s cannot be done now; `opsctl resume` does them when k8s is back

    Steps                                                                          waits until  after
      1 + aws  route53-record/…/live.example.com/…/west  weight      0 → 100       ready
      2 - aws  route53-record/…/live.example.com/…/east  weight    100 → 0         ready        1
      … ! k8s  configmap/cdn/settings                    data.mode   ? → "normal"  owed: unreachable
        ! k8s  deployment/cdn/edge                       replicas    ? → 0         owed: unreachable
        ! k8s  deployment/cdn/spare                      replicas    ? → 3         owed: unreachable
        ! k8s  deployment/data/origin                    replicas    ? → 1         owed: unreachable

    Then      check edge: k8s:deployment/cdn/spare replicas is >= 1
    Accepted  2 of 2 in a dry run
    Time      unknown: no earlier operation tells; RTO 10m
    Way back  2 steps, nothing is irreversible

    2 to change, 4 owed, 0 as they should be.   25 API calls: aws 5, k8s 20.   Plan HASH
    An apply of it is refused, for 2 reasons.
    --- exit 3
    "#);
}

/// It may not grow on what failed, and it may shrink.
#[test]
fn test_what_failed_and_is_needed() {
    let repository = failed();
    insta::assert_snapshot!(repository.opsctl(&["plan", "less"]), @"
    less   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      unready     k8s:deployment/data/origin: no quota; edge needs it and shrinks all the same

    Steps                                           waits until  after
      1 - k8s  deployment/cdn/edge  replicas 2 → 1  ready

    Then      check edge: k8s:deployment/cdn/edge replicas is >= 1
    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 5 as they should be.   9 API calls: aws 3, k8s 6.   Plan HASH
    Nothing was changed. To do it: opsctl apply less
    ");
    let said = repository.ends(3, &["plan", "drained"]);
    assert!(said.out.contains("refused     k8s:deployment/cdn/spare: spare needs origin, which failed"), "{said}");
}

#[test]
fn test_actions_that_stay_done() {
    let repository = called();
    insta::assert_snapshot!(repository.opsctl(&["plan", "stopped"]), @"
    stopped   now: nothing was applied yet

      lab  sim   simulated lab

    Steps                                        waits until  after
      1 > action drain-4
                true
      2 - lab  service/broker-4  replicas 1 → 0  ready        1

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step; action drain-4 is not undone

    1 to change, 1 to call, 0 as they should be.   3 API calls: lab 3.   Plan HASH
    Nothing was changed. To do it: opsctl apply stopped
    ");
    repository.done(&["apply", "stopped", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback"]), @"
    rollback of ID   to what was there before stopped   now: stopped, AGO by ana

      lab  sim   simulated lab

    Look twice
      actions     action drain-4 was called, and is not undone: undo it by hand

    Steps                                        waits until  after
      1 + lab  service/broker-4  replicas 0 → 1  ready

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 0 as they should be.   4 API calls: lab 4.   Plan HASH
    --- stderr
    error: nobody can be asked here; nothing was changed
      = say yes on the command line: -y
    --- exit 3
    ");
}

/// What restarts does not serve for a while, also where no call of its way stops it. What is off serves nobody.
#[test]
fn test_what_restarts() {
    let database = |running: bool, class: &str| {
        format!("[resource.orders]\nat = \"aws:rds-instance/orders\"\nrunning = {running}\nclass = \"{class}\"\n")
    };
    let repository = Repository::of(&[
        ("opsctl.toml", "[provider.aws]\ntype = \"sim\"\nemulates = \"aws\"\nworld = \"world.toml\"\n"),
        ("world.toml", &database(true, "db.r6g.large")),
        ("states/baseline.toml", &database(true, "db.r6g.large")),
        ("states/large.toml", "extends = \"baseline\"\n[resource.orders]\nclass = \"db.r6g.2xlarge\"\n"),
    ]);
    let line = "interrupts  aws:rds-instance/orders restarts when class is changed";
    let said = repository.done(&["plan", "large"]);
    assert!(said.out.contains(line), "{said}");
    repository.done(&["sim", "set", "aws:rds-instance/orders", "running=false"]);
    let said = repository.done(&["plan", "large"]);
    assert!(!said.out.contains("interrupts"), "{said}");
}

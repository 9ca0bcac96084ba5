//! A plan of forty changes is read on one page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::harness::Repository;

/// The media jobs of a region.
const JOBS: [&str; 12] = [
    "abr-ladder",
    "ad-insertion",
    "captions",
    "clip-maker",
    "drm-packager",
    "ingest-rtmp",
    "ingest-srt",
    "loudness",
    "ome-transcoder",
    "shaka-packager",
    "thumbnails",
    "watermark",
];

const OPSCTL: &str = r#"
[provider.k8s]
type = "sim"
emulates = "kubernetes"
world = "east.toml"

[provider.gke]
type = "sim"
emulates = "kubernetes"
world = "west.toml"

[provider.aws]
type = "sim"
emulates = "aws"
world = "dns.toml"
"#;

const OTHERS: &str = r#"
[resource.{of}minio]
at = "{at}:deployment/data/minio"
replicas = {minio}

[resource.{of}kafka-mirror]
at = "{at}:deployment/data/mm2-replicator"
replicas = {mirror}

[resource.{of}shield]
at = "{at}:deployment/cdn/varnish-shield"
replicas = {shield}

[resource.{of}topology]
at = "{at}:configmap/cdn/atc-topology"
data.mode = "{mode}"

[resource.{of}edge]
at = "{at}:deployment/cdn/ats-edge"
replicas = {edge}

[resource.{of}hpa]
at = "{at}:hpa/cdn/ats-edge"
max = {max}
"#;

const INSTANCES: [&str; 3] = ["k8s", "gke", "aws"];

const RECORDS: [(&str, &str); 4] = [
    ("live.example.com", "live"),
    ("recordings.example.com", "recordings"),
    ("api.example.com", "api"),
    ("ingest.example.com", "ingest"),
];

/// What is set in one region: `{name}` stands for its own.
fn others(of: &str, at: &str, [minio, mirror, shield, edge, max]: [u8; 5], mode: &str) -> String {
    let numbers = [("minio", minio), ("mirror", mirror), ("shield", shield), ("edge", edge), ("max", max)];
    let text = OTHERS.replace("{of}", of).replace("{at}", at).replace("{mode}", mode);
    numbers.iter().fold(text, |text, (name, number)| text.replace(&format!("{{{name}}}"), &number.to_string()))
}

/// The resources of a world, or of the baseline.
fn region(of: &str, at: &str, numbers: [u8; 5], mode: &str) -> String {
    let mut text = others(of, at, numbers, mode);
    for (resource, need) in [("kafka-mirror", "minio"), ("shield", "minio"), ("edge", "shield")] {
        let head = format!("[resource.{of}{resource}]\n");
        text = text.replace(&head, &format!("{head}needs = [\"{of}{need}\"]\n"));
    }
    text
}

/// Two regions and four names: all is in the east, and all shall be in the west.
fn forty() -> Repository {
    let (served, stands_by) = ([4, 2, 3, 6, 8], [1, 1, 0, 1, 4]);
    let (mut baseline, mut failover) = (String::from("summary = \"The east serves\"\n"), String::new());
    failover.push_str(
        "extends = \"baseline\"\nsummary = \"The east is lost: the west serves\"\nrto = \"15m\"\nconfirm = true\non_failure = \"continue\"\n",
    );
    let mut worlds = Vec::new();
    for (of, at, numbers, mode, target, jobs) in [
        ("east-", "k8s", served, "east", [1, 1, 0, 0, 2], (2, 0)),
        ("west-", "gke", stands_by, "east", [6, 4, 5, 20, 24], (0, 2)),
    ] {
        baseline.push_str(&region(of, at, numbers, mode));
        let media = format!("[resource.{of}media]\nat = \"{at}:deployment/media/*\"\nneeds = [\"{of}minio\"]\n");
        let _ = writeln!(baseline, "{media}replicas = {}", jobs.0);
        let wanted = others(of, at, target, "west");
        let wanted: Vec<&str> = wanted.lines().filter(|line| !line.starts_with("at = ")).collect();
        let _ = writeln!(failover, "{}\n[resource.{of}media]\nreplicas = {}", wanted.join("\n"), jobs.1);
        let mut world = others(of, at, numbers, mode);
        for job in JOBS {
            let _ = writeln!(world, "[resource.{job}]\nat = \"{at}:deployment/media/{job}\"\nreplicas = {}", jobs.0);
        }
        worlds.push(world);
    }
    let mut dns = String::new();
    for (domain, pool) in RECORDS {
        for (of, weight) in [("east", 100), ("west", 0)] {
            let at = format!("aws:route53-record/Z0123456789ABCDEFGHIJ/{domain}/CNAME/{of}");
            let record = format!("[resource.{pool}-{of}]\nat = \"{at}\"\nweight = {weight}\n");
            let _ = write!(dns, "{record}");
            let _ = write!(baseline, "{record}needs = [\"{of}-edge\"]\npool = \"{pool}\"\ndrain_time = \"1m\"\n");
            let _ = write!(failover, "[resource.{pool}-{of}]\nweight = {}\n", 100 - weight);
        }
    }
    let check = |name: &str, at: &str| {
        format!("[check.{name}]\nat = \"{at}\"\nsetting = \"replicas\"\nis = {{ at_least = 1 }}\nwithin = \"2m\"\n")
    };
    baseline.push_str(&check("serves", "east-edge"));
    failover.push_str(&check("serves", "west-edge"));
    let gate = format!("{}gates = [\"live-west\", \"api-west\"]\n", check("west-ready", "west-edge"));
    failover.push_str(&gate);
    Repository::of(&[
        ("opsctl.toml", OPSCTL),
        ("east.toml", &worlds[0]),
        ("west.toml", &worlds[1]),
        ("dns.toml", &dns),
        ("states/baseline.toml", &baseline),
        ("states/failover.toml", &failover),
    ])
}

#[test]
fn test_forty_changes_fit_one_page() {
    let repository = forty();
    let document = repository.json(&["plan", "failover"]);
    assert_eq!(document["totals"]["edits"], 44, "{document}");
    let page = repository.done(&["plan", "failover"]).out;
    let lines = page.lines().count();
    assert!(lines <= 60, "{lines} lines\n{page}");
    for line in page.lines() {
        assert!(line.chars().count() <= 100, "{line}\n{page}");
    }
    // Whatever is folded is named.
    for name in JOBS {
        assert!(page.contains(name), "{name}\n{page}");
    }
    let steps: Vec<&Value> = document["plan"]["steps"].as_array().unwrap().iter().collect();
    let changes = steps.iter().filter_map(|step| step["work"]["change"]["at"].as_str());
    let changes: BTreeSet<(&str, &str)> = changes.map(|at| at.split_once(':').unwrap()).collect();
    let whole = repository.done(&["plan", "failover", "-v"]).out;
    for (instance, local) in &changes {
        assert!(whole.contains(&format!("{instance}  {local}")), "{instance}:{local}\n{whole}");
    }
    // Each row tells which resource it is, and each resource has a row.
    let (_, rows) = page.split_once("\nSteps").unwrap();
    let (rows, _) = rows.split_once("\n\n").unwrap();
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    for line in rows.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((instance, row)) =
            words.windows(2).find(|pair| INSTANCES.contains(&pair[0])).map(|pair| (pair[0], pair[1]))
        else {
            continue;
        };
        let meant: Vec<_> = changes.iter().filter(|(at, local)| *at == instance && is_told_by(local, row)).collect();
        assert!(row.contains('*') || meant.len() == 1, "{line} is {meant:?}\n{page}");
        told.extend(meant);
    }
    assert_eq!(told, changes, "{page}");
}

/// Whether a row of this text may be this address: `…` stands for parts of a path, `*` for a part.
fn is_told_by(local: &str, row: &str) -> bool {
    fn is(parts: &[&str], row: &[&str]) -> bool {
        match (parts, row) {
            ([], []) => true,
            ([_, rest @ ..], ["…", after @ ..]) => is(rest, after) || is(rest, row),
            ([_, rest @ ..], ["*", after @ ..]) => is(rest, after),
            ([part, rest @ ..], [same, after @ ..]) if part == same => is(rest, after),
            _ => false,
        }
    }
    is(&local.split('/').collect::<Vec<_>>(), &row.split('/').collect::<Vec<_>>())
}

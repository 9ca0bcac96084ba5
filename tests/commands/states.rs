use crate::harness::Repository;

#[test]
fn test_every_setting_in_every_state_beside_live() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["states"]), @r#"
                          live  baseline      busy   drained
    aws  route53-record/Z1/live.example.com/CNAME/east
           weight          100       100         =         0
    aws  route53-record/Z1/live.example.com/CNAME/west
           weight            0         0         =       100
    k8s  configmap/cdn/settings
           data.mode  "normal"  "normal"    "busy"         =
    k8s  deployment/cdn/edge
           replicas          2         2         5         0
    k8s  deployment/cdn/spare
           replicas          0         0         =         3
    k8s  deployment/data/origin
           replicas          1         1         2         =
                                 as live  3 differ  4 differ
    "#);
}

#[test]
fn test_what_cannot_be_read_is_said() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "aws", "sim.unreachable=true"]);
    insta::assert_snapshot!(repository.opsctl(&["states"]), @r#"
                          live   baseline       busy    drained
    aws  route53-record/Z1/live.example.com/CNAME/east
           weight            ?        100          =          0
    aws  route53-record/Z1/live.example.com/CNAME/west
           weight            ?          0          =        100
    k8s  configmap/cdn/settings
           data.mode  "normal"   "normal"     "busy"          =
    k8s  deployment/cdn/edge
           replicas          2          2          5          0
    k8s  deployment/cdn/spare
           replicas          0          0          =          3
    k8s  deployment/data/origin
           replicas          1          1          2          =
                                            3 differ   2 differ
                                2 unknown  2 unknown  2 unknown
    aws: 2 resources could not be read: unreachable: nobody answers
    --- exit 1
    "#);
}

#[test]
fn test_a_wildcard_that_is_not_read_matches_nothing() {
    let repository = Repository::small();
    repository.write("states/baseline.toml", "[resource.all]\nat = \"k8s:deployment/cdn/*\"\nreplicas = 2\n");
    repository.write("states/busy.toml", "extends = \"baseline\"\n[resource.all]\nreplicas = 4\n");
    let east = "aws:route53-record/Z1/live.example.com/CNAME/east";
    repository.write("states/drained.toml", &format!("[resource.east]\nat = \"{east}\"\nweight = 100\n"));
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    insta::assert_snapshot!(repository.ends(1, &["states"]).out, @"
                   live   baseline       busy  drained
    aws  route53-record/Z1/live.example.com/CNAME/east
           weight   100                            100
                                               as live
                         1 unknown  1 unknown
    k8s:deployment/cdn/* could not be read: unreachable: nobody answers
    ");
}

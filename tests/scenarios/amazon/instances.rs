//! A machine gets another type, which takes three calls.

use opsctl_aws_proxy::{Proxy, Refusal};

use super::pipeline::region;
use crate::harness::Repository;

/// A running instance of an account of its own, and a state that gives it this type.
fn machine(size: &str) -> (Proxy, Repository) {
    let aws = Proxy::start();
    let console = aws.console(region("east"));
    let fields = [("ImageId", "ami-12c6146b"), ("InstanceType", "t3.micro"), ("MinCount", "1"), ("MaxCount", "1")];
    let id = console.form("ec2", "RunInstances", &fields).all("instanceId")[0].text.clone();
    let config =
        format!("[provider.east]\ntype = \"aws\"\nregion = \"{}\"\nendpoint = \"{}\"\n", region("east"), aws.url());
    let state = format!("[resource.machine]\nat = \"east:ec2-instance/{id}\"\ninstance_type = \"{size}\"\n");
    let ops = Repository::of(&[("opsctl.toml", &config), ("states/large.toml", &state)]);
    (aws, ops)
}

/// It is stopped for its type, so a type that there is none of, or that may not be set, would leave it stopped: nothing is begun.
#[test]
fn test_a_type_that_cannot_be_is_refused_before_it_is_stopped() {
    let (aws, ops) = machine("t3.lagre");
    let said = ops.ends(3, &["apply", "large", "-y"]);
    assert!(said.err.contains("not found: no instance type t3.lagre in us-east-1; there are t3."), "{said}");

    let (denies, others) = machine("t3.large");
    let denied = Refusal::new("UnauthorizedOperation", "You are not authorized to perform this operation.").status(403);
    denies.when("ec2", "ModifyInstanceAttribute").refuse(denied);
    let said = others.ends(3, &["apply", "large", "-y"]);
    assert!(said.err.contains("denied: ec2:ModifyInstanceAttribute"), "{said}");
    for proxy in [aws, denies] {
        let mut stops = proxy.calls().into_iter().filter(|call| call.operation == "StopInstances");
        assert!(stops.all(|call| call.fields().get("DryRun").is_some_and(|dry| dry == "true")));
    }
}

#[test]
fn test_a_running_machine_gets_another_type_and_its_own_again() {
    let (_aws, ops) = machine("t3.large");
    let said = ops.done(&["plan", "large"]);
    assert!(said.out.contains("in 3 calls, one after the other") && said.out.contains("1 of 1 in a dry run"), "{said}");
    ops.done(&["apply", "large", "-y"]);
    ops.done(&["plan", "large", "--detailed-exitcode"]);
    ops.done(&["rollback", "-y"]);
    let said = ops.done(&["plan", "large"]);
    assert!(said.out.contains("\"t3.micro\" → \"t3.large\""), "{said}");
}

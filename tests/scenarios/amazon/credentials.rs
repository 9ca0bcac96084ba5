//! Where credentials come from: the chain of the SDK, as a machine would have it configured.

use std::process::Command;

use opsctl_aws_proxy::{Answer, Call, Proxy, Refusal};
use serde_json::json;

use super::pipeline::region;
use super::world::World;
use crate::harness::{Repository, Said};

const STATE: &str = "[resource.web]\nat = \"east:ecs-service/edge/web\"\ndesired_count = 2\n";

/// An account with a service, and a home with this configuration of AWS.
struct Machine {
    aws: Proxy,
    ops: Repository,
}

impl Machine {
    fn new(profile: Option<&str>, config: &str) -> Self {
        let aws = Proxy::start();
        let settings = "desired_count = 2\ntask_definition = \"web:1\"".parse().unwrap();
        World::new(&aws, "example.com").make("east:ecs-service/edge/web", &settings, &|_| String::new());
        let profile = profile.map_or_else(String::new, |name| format!("profile = \"{name}\"\n"));
        let instance = format!(
            "[provider.east]\ntype = \"aws\"\nregion = \"{}\"\nendpoint = \"{}\"\n{profile}",
            region("east"),
            aws.url()
        );
        let ops = Repository::of(&[
            ("opsctl.toml", &instance),
            ("states/baseline.toml", STATE),
            ("home/.aws/config", &config.replace("ACCOUNT", aws.account()).replace("URL", &aws.url())),
        ]);
        aws.forget();
        Self { aws, ops }
    }

    /// A plan without any credentials in the environment but these variables.
    fn plan(&self, variables: &[(&str, &str)]) -> Said {
        let mut command: Command = self.ops.command(&["plan", "baseline"]);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        command.env("HOME", self.ops.path("home")).env("AWS_EC2_METADATA_DISABLED", "true");
        for (name, value) in variables {
            command.env(name, value.replace("URL", &self.aws.url()).replace("ACCOUNT", self.aws.account()));
        }
        Said::by(&mut command)
    }

    fn call(&self, operation: &str) -> Call {
        let mut calls = self.aws.calls().into_iter();
        calls.find(|call| call.operation.contains(operation)).unwrap_or_else(|| panic!("{:?}", self.aws.counts()))
    }

    /// The session that ECS was asked in.
    fn session(&self) -> String {
        self.call("DescribeServices").header("x-amz-security-token").to_owned()
    }
}

const ROLE: &str = "
[profile base]
aws_access_key_id = BASE
aws_secret_access_key = nothing
[profile oncall]
role_arn = arn:aws:iam::ACCOUNT:role/oncall
role_session_name = ana
source_profile = base
region = us-east-1
";

/// A role that is assumed with the credentials of another profile.
#[test]
fn test_a_role_of_a_profile_is_assumed() {
    let machine = Machine::new(Some("oncall"), ROLE);
    let said = machine.plan(&[("AWS_ENDPOINT_URL_STS", "URL")]);
    assert!(said.exit == Some(0) && said.out.contains("nothing to change"), "{said}");
    let assumed = machine.call("AssumeRole");
    assert!(assumed.header("authorization").contains("Credential=BASE/"), "{assumed:?}");
    let fields = assumed.fields();
    assert_eq!(fields["RoleArn"], format!("arn:aws:iam::{}:role/oncall", machine.aws.account()));
    assert_eq!(fields["RoleSessionName"], "ana");
    assert!(!machine.session().is_empty());
    assert_eq!(machine.aws.count("sts", "AssumeRole"), 1);
}

/// Who gives credentials is not the region: that nobody is reached there is no reason to go on without it.
#[test]
fn test_credentials_that_do_not_come_are_no_lost_region() {
    let machine = Machine::new(Some("oncall"), ROLE);
    machine.ops.write("states/baseline.toml", &format!("tolerates_unreachable = [\"east:*\"]\n{STATE}"));
    let said = machine.plan(&[("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")]);
    assert!(said.exit == Some(1) && said.err.contains("which says nothing of the region"), "{said}");
    let denied = Refusal::new("AccessDenied", "base is not authorized to perform: sts:AssumeRole").status(403);
    machine.aws.when("sts", "AssumeRole").refuse(denied);
    let said = machine.plan(&[("AWS_ENDPOINT_URL_STS", "URL")]);
    assert!(said.exit == Some(1) && said.err.contains("sts:AssumeRole; see whether the trust policy"), "{said}");
    assert!(!said.err.contains("sso login"), "{said}");
}

/// A page of a proxy says nothing of what is there: a state that goes on without the region does so.
#[test]
fn test_what_is_not_aws_is_no_missing_resource() {
    let machine = Machine::new(Some("base"), ROLE);
    machine.aws.when("ecs", "*").answer(|_| {
        let page = Answer::json(&json!({ "error": "no such page" }));
        Answer { status: 404.try_into().unwrap(), ..page }
    });
    let said = machine.plan(&[]);
    assert!(said.exit == Some(1) && said.err.contains("what answered is not AWS: HTTP 404"), "{said}");
    machine.ops.write("states/baseline.toml", &format!("tolerates_unreachable = [\"east:*\"]\n{STATE}"));
    let said = machine.plan(&[]);
    assert!(said.exit == Some(0) && said.out.contains("owed"), "{said}");
}

/// What `opsctl.toml` names is what is meant, whatever keys the shell has.
#[test]
fn test_a_named_profile_is_taken_before_the_environment() {
    let config = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = nothing\n";
    let keys = [("AWS_ACCESS_KEY_ID", "SHELL"), ("AWS_SECRET_ACCESS_KEY", "nothing")];
    for (profile, key) in [(Some("base"), "BASE"), (None, "SHELL")] {
        let machine = Machine::new(profile, config);
        let said = machine.plan(&keys);
        assert!(said.exit == Some(0), "{said}");
        let asked = machine.call("DescribeServices");
        assert!(asked.header("authorization").contains(&format!("Credential={key}/")), "{asked:?}");
    }
    let machine = Machine::new(Some("gone"), config);
    let said = machine.plan(&keys);
    assert!(said.exit == Some(1) && said.err.contains("profile `gone` was not defined"), "{said}");
}

/// A pod's, or a job's: a token in a file that is given for a role.
#[test]
fn test_a_web_identity_is_given_for_a_role() {
    let machine = Machine::new(None, "");
    machine.ops.write("home/token", "a.web.token");
    let token = machine.ops.path("home/token").to_string_lossy().into_owned();
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::ACCOUNT:role/deployer"),
        ("AWS_ENDPOINT_URL_STS", "URL"),
    ];
    let said = machine.plan(&variables);
    assert!(said.exit == Some(0) && said.out.contains("nothing to change"), "{said}");
    let given = machine.call("AssumeRoleWithWebIdentity").fields();
    assert_eq!(given["WebIdentityToken"], "a.web.token");
    assert!(given["RoleArn"].ends_with(":role/deployer"), "{given:?}");
    assert!(!machine.session().is_empty());
    assert!(!said.to_string().contains("a.web.token"), "{said}");
}

#[test]
fn test_a_process_gives_credentials() {
    let given = json!({ "Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "nothing", "SessionToken": "told" });
    let machine =
        Machine::new(Some("process"), &format!("[profile process]\ncredential_process = /bin/echo '{given}'\n"));
    let said = machine.plan(&[("PATH", "/usr/bin:/bin")]);
    assert!(said.exit == Some(0) && said.out.contains("nothing to change"), "{said}");
    assert_eq!(machine.session(), "told");
}

const SSO: &str = "
[sso-session oncall]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
[profile sso]
sso_session = oncall
sso_account_id = ACCOUNT
sso_role_name = Operator
region = us-east-1
";
/// SHA-1 of the session's name, which `aws sso login` calls its file by.
const CACHED: &str = "home/.aws/sso/cache/6f0550213ea35e7f959ae79fa482f2a4eee9e96d.json";

/// What `aws sso login` leaves is used until it expires; then that is what to do.
#[test]
fn test_a_login_by_sso_is_used_while_it_lasts() {
    let machine = Machine::new(Some("sso"), SSO);
    let portal = |call: &Call| call.path.starts_with("/federation/credentials");
    machine.aws.when("*", "*").is(portal).answer(|_| {
        let role = json!({
            "accessKeyId": "SSO", "secretAccessKey": "nothing", "sessionToken": "by-sso", "expiration": 4_102_444_800_000_i64,
        });
        Answer::json(&json!({ "roleCredentials": role }))
    });
    let log_in = |until: &str| {
        let token = json!({ "accessToken": "a-token-of-sso", "expiresAt": until, "region": "us-east-1" });
        machine.ops.write(CACHED, &token.to_string());
    };
    let endpoint = [("AWS_ENDPOINT_URL_SSO", "URL")];
    log_in("2099-01-01T00:00:00Z");
    let said = machine.plan(&endpoint);
    assert!(said.exit == Some(0) && said.out.contains("nothing to change"), "{said}");
    let asked = machine.call("/federation/credentials");
    assert_eq!(asked.header("x-amz-sso_bearer_token"), "a-token-of-sso");
    assert_eq!((asked.fields()["role_name"].as_str(), machine.session().as_str()), ("Operator", "by-sso"));
    assert!(!said.to_string().contains("a-token-of-sso"), "{said}");

    log_in("2020-01-01T00:00:00Z");
    let said = machine.plan(&endpoint);
    assert!(said.exit == Some(1) && said.err.contains("aws sso login"), "{said}");
}

/// What is wrong with a profile is told, and not that somebody else was told.
#[test]
fn test_what_is_wrong_with_a_profile_is_told() {
    let wrong =
        "[profile oncall]\nrole_arn = arn:aws:iam::ACCOUNT:role/oncall\nsource_profile = nobody\nregion = us-east-1\n";
    let said = Machine::new(Some("oncall"), wrong).plan(&[]);
    assert!(said.exit == Some(1) && said.err.contains("nobody") && !said.err.contains("already taken"), "{said}");
    let login = "[profile login]\nlogin_session = arn:aws:iam::ACCOUNT:user/ana\nregion = us-east-1\n";
    let said = Machine::new(Some("login"), login).plan(&[]);
    assert!(said.exit == Some(1) && said.err.contains("aws configure export-credentials --profile"), "{said}");
}

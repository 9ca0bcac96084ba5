//! The errors of AWS, by what follows from them.

use std::time::Duration;

use opsctl_api::Fault;

/// What an error means. Codes are those of the services' API references; the JSON services and the XML ones share them, and where
/// none is known the status decides.
pub(crate) fn fault(verb: &str, status: u16, code: &str, said: &str, retry_after: Option<Duration>) -> Fault {
    let text = match (code, said) {
        ("", "") => format!("status {status}"),
        ("", said) => said.to_owned(),
        (code, "") => code.to_owned(),
        (code, said) => format!("{code}: {said}"),
    };
    if is_throttling(code) || status == 429 || (code == LIMIT && said.starts_with("Rate exceeded")) {
        return Fault::throttled(verb, retry_after);
    }
    if is_busy(code) {
        return Fault::Busy(text);
    }
    if is_archived(code) {
        return Fault::Invalid(ARCHIVED.to_owned());
    }
    if is_no_credential(code) {
        return Fault::Denied(format!("{text}; {LOG_IN}"));
    }
    if is_denial(code) || status == 401 || status == 403 {
        return Fault::Denied(format!("{verb}: {text}"));
    }
    if is_missing(code) {
        return Fault::Missing(text);
    }
    match status {
        _ if has_no_room(code) => Fault::Invalid(text),
        500.. => Fault::Unreachable(text),
        // S3 sends elsewhere who asks for a bucket of another region.
        300.. => Fault::Invalid(text),
        _ => Fault::Unexpected(text),
    }
}

/// What is to be done about an object whose content S3 has moved to an archive.
pub(crate) const ARCHIVED: &str = "it is archived: bring it back first (aws s3api restore-object)";

/// It is in an archive, and so neither read nor copied. S3 says so with status 403, whatever the credentials.
pub(crate) fn is_archived(code: &str) -> bool {
    matches!(code, "InvalidObjectState" | "ObjectNotInActiveTierError")
}

/// Kinesis says it of too many calls, and of what a rule forbids.
const LIMIT: &str = "LimitExceededException";

/// What is asked for must wait for another change of the same resource; of a record, of its zone. Nothing was done.
fn is_busy(code: &str) -> bool {
    matches!(
        code,
        "ConcurrentUpdateException"
            | "ConditionalRequestConflict"
            | "OperationAborted"
            | "PriorRequestNotComplete"
            | "ResourceConflictException"
            | "ResourceContention"
            | "ResourceInUseException"
            | "ScalingActivityInProgress"
            | "UpdateInProgressException"
    )
}

/// Too many calls. Nothing was done.
fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException"
            | "ProvisionedThroughputExceededException"
            | "BandwidthLimitExceeded"
            | "SlowDown"
    )
}

/// EC2 has no capacity of what is asked for, and has started nothing. It says so as a server that breaks down would: with status 500.
fn has_no_room(code: &str) -> bool {
    code.starts_with("Insufficient") && code.ends_with("Capacity")
}

fn is_denial(code: &str) -> bool {
    code.starts_with("AccessDenied")
        || matches!(code, "UnauthorizedOperation" | "AuthorizationError" | "NotAuthorized" | "OptInRequired")
}

/// The credentials are none: whatever is asked for, the answer is the same.
fn is_no_credential(code: &str) -> bool {
    matches!(
        code,
        "AuthFailure"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "UnrecognizedClientException"
    )
}

/// What to do about credentials that are none, or are none any more.
pub(crate) const LOG_IN: &str =
    "log in (aws sso login), or name other credentials (AWS_PROFILE, or profile in opsctl.toml)";

fn is_missing(code: &str) -> bool {
    code.starts_with("NoSuch")
        || code.ends_with("NotFound")
        || code.ends_with("NotFoundException")
        || code.ends_with("NotFoundFault")
        || code.ends_with(".Malformed")
        || code == "ServiceNotActiveException"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_what_follows() {
        let of = |status, code| fault("ecs:UpdateService", status, code, "said", None);
        let throttled = |call: &str| Fault::throttled(call, None);
        assert_eq!(of(400, "ThrottlingException"), throttled("ecs:UpdateService"));
        assert_eq!(of(503, "SlowDown"), throttled("ecs:UpdateService"));
        assert_eq!(of(400, "ResourceInUseException"), Fault::Busy("ResourceInUseException: said".into()));
        let limit = |said| fault("kinesis:UpdateShardCount", 400, LIMIT, said, None);
        assert_eq!(limit("Rate exceeded for account 1"), throttled("kinesis:UpdateShardCount"));
        assert!(matches!(limit("scaled 10 times in the last 24 hours"), Fault::Invalid(_)));
        assert_eq!(
            of(400, "AccessDeniedException"),
            Fault::Denied("ecs:UpdateService: AccessDeniedException: said".into())
        );
        assert_eq!(of(403, "InvalidObjectState"), Fault::Invalid(ARCHIVED.into()));
        let expired = of(400, "ExpiredToken");
        assert!(matches!(&expired, Fault::Denied(why) if why.starts_with("ExpiredToken: said; log in")), "{expired}");
        // Of S3, which answers HEAD without a body: the status tells. What is not there has a code all the same.
        assert_eq!(of(403, ""), Fault::Denied("ecs:UpdateService: said".into()));
        assert_eq!(of(404, ""), Fault::Invalid("said".into()));
        for code in ["ResourceNotFoundException", "NoSuchKey", "InvalidInstanceID.NotFound", "DBInstanceNotFound"] {
            assert!(matches!(of(400, code), Fault::Missing(_)), "{code}");
        }
        assert!(matches!(of(301, "PermanentRedirect"), Fault::Invalid(_)));
        assert_eq!(of(400, "ValidationError"), Fault::Invalid("ValidationError: said".into()));
        let none = of(500, "InsufficientInstanceCapacity");
        assert_eq!(none, Fault::Invalid("InsufficientInstanceCapacity: said".into()));
        assert_eq!(of(500, "InternalFailure"), Fault::Unreachable("InternalFailure: said".into()));
    }
}

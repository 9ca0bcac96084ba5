//! What else holds a resource, as far as its tags tell.

use opsctl_api::{Fault, Owner};

use crate::call::Failed;

/// What made a resource and puts its own values back when it runs the next time: a note, for it does nothing by itself.
pub(crate) fn makers<'t>(settings: &[&str], tag: impl Fn(&str) -> Option<&'t str>) -> Vec<Owner> {
    let note = |name: String, does: &str| Owner::note(name, settings, does);
    let stack = tag("aws:cloudformation:stack-name");
    let stack =
        stack.map(|stack| note(format!("CloudFormation stack {stack}"), "puts its own values back when it is updated"));
    // Terraform has no tag of its own; these are what most modules set.
    let managed = ["ManagedBy", "managed-by", "managed_by"].into_iter().find_map(&tag);
    let terraform = managed.filter(|by| by.eq_ignore_ascii_case("terraform"));
    let terraform = terraform.map(|_| note("Terraform".to_owned(), "puts its own values back at its next apply"));
    stack.into_iter().chain(terraform).collect()
}

/// Owners, or a note where they may not be read. Where that failed for another reason, so did all that was asked beside it: a
/// resource without its owners looks as if nothing else moved it.
pub(crate) fn known<T>(owners: Result<T, Failed>, name: &str, settings: &[&str]) -> Result<Result<T, Owner>, Failed> {
    match owners {
        Ok(owners) => Ok(Ok(owners)),
        Err(Failed { fault: fault @ Fault::Denied(_), .. }) => {
            Ok(Err(Owner::note(name, settings, format!("could not be read: {fault}"))))
        }
        Err(failed) => Err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_who_made_it_is_a_note() {
        let of = |tags: &[(&str, &'static str)]| {
            let tag = |key: &str| tags.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
            makers(&["desired"], tag)
        };
        let found = of(&[("aws:cloudformation:stack-name", "edge"), ("ManagedBy", "terraform")]);
        let names: Vec<&str> = found.iter().map(|owner| owner.name.as_str()).collect();
        assert_eq!(names, ["CloudFormation stack edge", "Terraform"]);
        assert!(found.iter().all(|owner| !owner.reverts && owner.holds("desired")));
        assert!(of(&[("ManagedBy", "hand")]).is_empty());
    }
}

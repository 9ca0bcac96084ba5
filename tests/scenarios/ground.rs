use serde_json::Value as Json;

use crate::harness::Repository;

/// What a story is played on: a simulated world, or a real cluster.
///
/// What is done here is done behind opsctl's back. Addresses are whole: `k8s:deployment/NS/edge`.
pub(crate) trait Ground: Sized {
    /// Makes what `platform/world.toml` has, all of it ready, and writes `opsctl.toml` with the instances `k8s` and `gke`.
    fn new(repository: &Repository) -> Self;

    /// The namespace of the story.
    fn namespace(&self) -> &str;

    /// What a setting really is.
    fn live(&self, repository: &Repository, at: &str, setting: &str) -> Json;

    /// A colleague sets something.
    fn edit(&self, repository: &Repository, at: &str, setting: &str, to: Json);

    /// From now on what a deployment grows by does not become ready.
    fn stall(&self, repository: &Repository, at: &str);

    /// It does again, and so does what waits for it.
    fn mend(&self, repository: &Repository, at: &str);

    /// opsctl may still read everything of `k8s`, but write only its configmaps.
    fn restrict(&self, repository: &Repository);

    /// `k8s` is another cluster, which has the same.
    fn elsewhere(&self, repository: &Repository);

    /// Nobody answers at `k8s`.
    fn cut_off(&self, repository: &Repository);

    /// `k8s` answers again.
    fn reconnect(&self, repository: &Repository);
}

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;

use crate::call::{Failed, call};
use crate::provider::Site;

/// The objects of a bucket whose keys begin so, a page at a time: ListObjectsV2 gives up to 1,000
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>). With `folders` what is behind the next `/` comes as one.
pub(in crate::kinds) async fn each_page(
    client: &Client,
    site: Site<'_>,
    bucket: &str,
    prefix: &str,
    folders: bool,
    mut take: impl FnMut(ListObjectsV2Output) + Send,
) -> Result<(), Failed> {
    let mut next = None;
    loop {
        let delimiter = folders.then(|| "/".to_owned());
        let ask = client.list_objects_v2().bucket(bucket).prefix(prefix).set_delimiter(delimiter);
        let mut page = call(site.cx, "s3:ListObjectsV2", ask.set_continuation_token(next).send()).await?;
        next = page.next_continuation_token.take();
        take(page);
        if next.is_none() {
            return Ok(());
        }
    }
}

//! Downloads of a site's statistics, for people who are signed in.

use actix_web::{HttpResponse, web};

use crate::web::AppState;
use crate::web::extract::address::{PathSegment, QueryString};
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::documents;
use crate::web::response::export::Format;
use crate::web::response::problem::Problem;

/// `GET /stats/export/{group_by}.{format}` and `/stats/export/lineage.json`: the documents of the API.
pub(crate) async fn download(
    SignedIn { site, .. }: SignedIn,
    name: PathSegment,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let name = name.as_str();
    let (by, format) = name.split_once('.').ok_or(Problem::NotFound)?;
    let mut query = query.fields();
    if name == "lineage.json" {
        return documents::lineage(&app, &site, &query).await;
    }
    query.insert("group_by".to_owned(), by.to_owned());
    documents::of_site(&app, &site, &query, Format::named(format)).await
}

//! Downloads of a site's statistics, for people who are signed in.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use crate::web::AppState;
use crate::web::dashboard::sign_in::signed_in;
use crate::web::response::documents;
use crate::web::response::problem::Problem;

/// `GET /stats/export/{group_by}.{format}` and `/stats/export/lineage.json`: the documents of the API.
pub(crate) async fn download(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let site = signed_in(&request, &app).await?.site;
    let name = request.match_info().query("name");
    let (by, format) = name.split_once('.').ok_or_else(Problem::not_found)?;
    let mut query: BTreeMap<String, String> =
        form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    if name == "lineage.json" {
        return documents::lineage(&app, &site, &query).await;
    }
    query.insert("group_by".to_owned(), by.to_owned());
    query.insert("format".to_owned(), format.to_owned());
    documents::of_site(&app, &site, &query, request.head()).await
}

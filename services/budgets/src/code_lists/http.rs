//! Code lists over HTTP.

use auth::can;
use domain::FinancialYear;
use serde::{Deserialize, Serialize};
use tenancy::InBorough;
use web::{At, NoFilters, Page, PageRequest, Problem, Row};

use super::code_list::{self, CodeListKind};

/// A year's lists in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct CodeListsPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The financial year.
    year: FinancialYear,
}

/// A code of a year.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CodeBody {
    list: CodeListKind,
    #[schema(example = "nhs-minimum-contribution")]
    code: String,
    #[schema(example = "NHS Minimum Contribution")]
    name: &'static str,
    /// The years the list is for.
    #[schema(example = "2025-26 to 2026-27")]
    years: String,
    /// Whether the list was compared with the template the year was published with.
    confirmed: bool,
    /// What that means for the year asked for.
    status: &'static str,
    /// The template it is from.
    source: &'static str,
}

impl Row for CodeBody {
    const COLUMNS: &'static [&'static str] = &["list", "code", "name", "years", "confirmed", "status", "source"];
}

/// List the Better Care Fund's codes of a year
///
/// The lists change between years, and a code of another year's list is refused (rule 39). Lists are known from 2023-24
/// to 2026-27; another year is answered with 404.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/code-lists/{year}", operation_id = "listCodes", tag = "schemes",
    params(CodeListsPath),
    responses((status = 200, body = Page<CodeBody>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_codes(
    scope: InBorough<can::ReadFunds>,
    At(path): At<CodeListsPath>,
    _page: PageRequest<NoFilters>,
) -> Result<Page<CodeBody>, Problem> {
    // The lists are everybody's, and asking for them is the borough's all the same.
    drop(scope);
    let mut codes = Vec::new();
    for list in code_list::of_year(path.year) {
        codes.extend(list.names.iter().map(|name| CodeBody {
            list: list.kind,
            code: code_list::code_of(name),
            name,
            years: list.years(),
            confirmed: false,
            status: code_list::status(path.year),
            source: list.source,
        }));
    }
    if codes.is_empty() { Err(Problem::not_found("code list")) } else { Ok(Page::whole(codes)) }
}

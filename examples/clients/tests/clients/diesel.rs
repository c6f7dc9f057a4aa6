//! diesel, by libpq.

use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};

use crate::{QUESTION, addresses};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    answer: String,
}

#[test]
fn over_the_socket_and_over_tcp() {
    let db = windlass_testkit::postgres();
    for (url, expected) in addresses(&db) {
        let mut connection = PgConnection::establish(url).unwrap();
        let row: Row = diesel::sql_query(format!("SELECT ({QUESTION}) AS answer")).get_result(&mut connection).unwrap();
        assert_eq!(row.answer, expected);
    }
}

//! Which role may do what: a matrix in a reviewed file.

use auth::{Role, permissions};

use crate::golden;

#[test]
fn the_matrix_of_roles_and_permissions_is_the_reviewed_one() {
    let mut matrix = format!("{:28}", "");
    for role in Role::ALL {
        matrix.push_str(&format!(" {:>15}", role.as_str()));
    }
    matrix.push('\n');
    for permission in permissions() {
        matrix.push_str(&format!("{:28}", permission.slug));
        for role in Role::ALL {
            matrix.push_str(&format!(" {:>15}", if role.scopes().allow(*permission) { "yes" } else { "-" }));
        }
        matrix.push('\n');
    }
    golden::check("permissions.txt", &matrix);
}

//! What the command prints, letter by letter: the help of each subcommand, and what it says of wrong arguments. `TRYCMD=overwrite`
//! writes what it prints now into `tests/golden/`.

use trycmd::TestCases;

#[test]
fn help_and_refusals_are_worded_so() {
    TestCases::new()
        .env("FRAMEWATCH_MODEL", "")
        .env("COLUMNS", "100")
        .env("USER", "")
        .case("tests/golden/*.trycmd");
}

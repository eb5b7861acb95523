//! `cargo xtask pictures`: the console's pictures in `docs/console`, made by `tests/pictures/pictures.py`.

use crate::machine::{debian, engine, project, run, say, virtual_environment};
use crate::{Outcome, image};

/// Makes all of them; it takes about five minutes.
///
/// # Errors
/// Where the machine cannot be prepared, or a page does not come up.
pub fn pictures() -> Outcome {
    engine::ensure()?;
    let python = virtual_environment()?.join("bin/python");
    let (browser, driver) = debian::browser()?;
    image::build_image()?;
    run("cargo", |cargo| cargo.current_dir(project()).args(["build", "--quiet", "--bin", "mainstay"]))?;
    say("Picturing", "the console's pages");
    run(&python.to_string_lossy(), |python| {
        python
            .current_dir(project())
            .env("MAINSTAY", image::target().join("debug/mainstay"))
            .env("CHROMIUM", browser)
            .env("CHROMEDRIVER", driver)
            .arg("tests/pictures/pictures.py")
    })
}

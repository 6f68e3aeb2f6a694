//! The variables that `deploy/` names, and those that the services and the `framewatch` command read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tests::framewatch;

const SERVICES: [&str; 6] = [
    "upload",
    "comparator",
    "sink",
    "cctv-sim",
    "camera",
    "notifier",
];

/// What containers run of the command.
const COMMANDS: [&str; 3] = ["demo", "healthcheck", "publish"];

const EXAMPLE: &str = "settings.example.env";

/// A variable as docs/configuration.md has it, whose tables the services' own tests hold true.
struct Setting {
    default: String,
    meaning: String,
    services: Vec<&'static str>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// By variable.
fn settings() -> BTreeMap<String, Setting> {
    let document = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let mut settings = BTreeMap::new();
    for service in SERVICES {
        let (_, section) = document
            .split_once(&format!("## framewatch-{service}\n"))
            .unwrap();
        let section = section.split("\n## ").next().unwrap();
        for row in section.lines().filter(|line| line.starts_with("| `")) {
            let [flag, variable, default, meaning] = cells(row);
            assert!(flag.starts_with("--"), "{row}");
            let setting = settings.entry(variable).or_insert_with(|| Setting {
                default,
                meaning,
                services: Vec::new(),
            });
            setting.services.push(service);
        }
    }
    settings
}

fn cells(row: &str) -> [String; 4] {
    let inside = row.strip_prefix("| ").unwrap().strip_suffix(" |").unwrap();
    let cells = inside.split(" | ").map(|cell| cell.trim().replace('`', ""));
    let cells: Vec<_> = cells.collect();
    cells.try_into().unwrap_or_else(|_| panic!("{row}"))
}

/// Those that the command reads, as its help has them.
fn of_command() -> BTreeSet<String> {
    let help = |name: &str| {
        let output = Command::new(framewatch())
            .args([name, "--help"])
            .output()
            .unwrap();
        assert!(output.status.success(), "framewatch {name} --help");
        variables(&String::from_utf8(output.stdout).unwrap())
    };
    COMMANDS.into_iter().flat_map(help).collect()
}

/// All files of the deployment that are part of the project.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "deploy", "docker-compose.yml"])
        .current_dir(root())
        .output()
        .unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<_> = names
        .split_terminator('\0')
        .map(|name| root().join(name))
        .collect();
    assert!(files.len() > 10, "{files:?}");
    files
}

fn variables(text: &str) -> BTreeSet<String> {
    let is_part =
        |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    text.split(|letter| !is_part(letter))
        .filter(|word| {
            let name = ["FRAMEWATCH_", "OTEL_"]
                .iter()
                .find_map(|prefix| word.strip_prefix(prefix));
            name.is_some_and(|name| !name.is_empty())
        })
        .map(str::to_owned)
        .collect()
}

/// Those that Compose reads itself: `${NAME}`.
fn of_compose(text: &str) -> BTreeSet<String> {
    let put_in = text.split("${").skip(1);
    put_in
        .filter_map(|rest| rest.split([':', '}', '-', '?']).next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_deployment_names_no_variable_that_nothing_reads() {
    let texts: Vec<_> = files()
        .into_iter()
        .map(|file| (fs::read_to_string(&file).unwrap(), file))
        .collect();
    let mut read = of_command();
    read.extend(settings().into_keys());
    read.extend(texts.iter().flat_map(|(text, _)| of_compose(text)));
    for (text, file) in texts {
        for variable in variables(&text) {
            let file = file.display();
            assert!(
                read.contains(&variable),
                "{file} names {variable}, which nothing reads"
            );
        }
    }
}

#[test]
fn every_variable_of_a_service_can_be_set_in_a_deployment() {
    let example = root().join("deploy").join(EXAMPLE);
    let set = ["deploy/compose.yml", "deploy/Dockerfile"]
        .iter()
        .flat_map(|name| variables(&fs::read_to_string(root().join(name)).unwrap()))
        .collect();
    let expected = in_an_example(&settings(), &set);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&example, &expected).unwrap();
    }
    let there = fs::read_to_string(&example).unwrap_or_default();
    assert!(
        there == expected,
        "deploy/{EXAMPLE} is not true; UPDATE_DOCS=1 corrects it. Now:\n{expected}"
    );
}

/// All that compose.yml and the image leave open, by the services that read it: those that more of them read come first.
fn in_an_example(settings: &BTreeMap<String, Setting>, set: &BTreeSet<String>) -> String {
    let mut text = String::from(
        "# Settings of the services besides those in compose.yml, each at its default. deploy/init copies this file to\n\
         # settings.env, which all services read: remove the # of what is to be different there, and start them again.\n",
    );
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for (variable, setting) in settings.iter().filter(|(name, _)| !set.contains(*name)) {
        let services = &setting.services;
        let first = SERVICES.iter().position(|it| *it == services[0]);
        groups
            .entry((SERVICES.len() - services.len(), first, services.join(", ")))
            .or_default()
            .push((variable, setting));
    }
    for ((_, _, services), of_them) in groups {
        text += &format!("\n## {services}\n");
        for (
            variable,
            Setting {
                default, meaning, ..
            },
        ) in of_them
        {
            text += &format!("\n# {meaning}\n#{variable}={default}\n");
        }
    }
    text
}

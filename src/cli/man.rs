//! `keysweep man`: manual pages, made from the same texts as `--help`.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;
use super::options::Common;
use super::{code, output};
use crate::atomic_file::{AtomicFile, NewFolders};
use crate::error::{Error, counted};

/// Sections of the main page that `--help` does not have.
const MORE: &[(&str, &[(&str, &str)])] = &[
    (
        "ENVIRONMENT",
        &[
            ("KEYSWEEP_CONFIG", "The configuration to read instead of .keysweep.toml, as --config. Hooks ignore it."),
            ("KEYSWEEP_QUIET", "If set to anything but 0, print nothing unless there is a problem, as --quiet."),
            ("NO_COLOR, CLICOLOR_FORCE", "Never or always use color, where --color is auto."),
        ],
    ),
    (
        "FILES",
        &[(
            ".keysweep.toml",
            "The configuration, at the top of the repository: allowed paths and values, custom rules.",
        )],
    ),
];

pub(super) fn run(folder: Option<&Path>, common: &Common) -> Result<u8, Error> {
    let commands = commands();
    let Some(folder) = folder else {
        let page = page(&commands[0]).expect("a vector takes all bytes");
        output::write(common, |_, out| out.write_all(&page))?;
        return Ok(code::CLEAN);
    };
    let failed = |err: io::Error| {
        let context = format!("cannot write the manual pages to {}", folder.display());
        Error::new(context, err, "choose another folder with --dir")
    };
    let _folders = NewFolders::create(folder).map_err(failed)?;
    for command in &commands {
        write_page(command, folder).map_err(failed)?;
    }
    let line = format!("keysweep: wrote {} to {}", counted(commands.len(), "page"), folder.display());
    output::write(common, |_, out| writeln!(out, "{}", output::safe(&line)))?;
    Ok(code::CLEAN)
}

/// The program itself, then each command. `help` has no page: its argument is a command, which has one.
fn commands() -> Vec<clap::Command> {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    let commands: Vec<clap::Command> = cli.get_subcommands().cloned().collect();
    std::iter::once(cli).chain(commands).collect()
}

fn write_page(command: &clap::Command, folder: &Path) -> io::Result<()> {
    let name = Man::new(command.clone()).get_filename();
    let mut file = AtomicFile::create(&folder.join(name))?;
    file.write_all(&page(command)?)?;
    // Other users read manual pages too.
    #[cfg(unix)]
    file.file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.replace()
}

fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let program = concat!("keysweep ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(program).manual("keysweep");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    let after_help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let paragraphs = after_help.split("\n\n").filter(|paragraph| !paragraph.is_empty()).map(Paragraph::of);
    let (descriptions, others): (Vec<_>, Vec<_>) =
        paragraphs.partition(|paragraph| matches!(paragraph, Paragraph::Description(_)));
    let mut roff = Roff::new();
    for paragraph in &descriptions {
        paragraph.add_to(&mut roff);
    }
    roff.to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    let is_main = command.has_subcommands();
    if is_main {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    for paragraph in &others {
        paragraph.add_to(&mut roff);
    }
    for (title, entries) in MORE.iter().filter(|_| is_main) {
        roff.control("SH", [*title]);
        for (term, text) in *entries {
            roff.control("TP", []);
            roff.text([bold(*term)]);
            roff.text([roman(*text)]);
        }
    }
    if !is_main {
        roff.control("SH", ["SEE ALSO"]);
        roff.text([bold("keysweep"), roman("(1)")]);
    }
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// A paragraph after the options of a help text.
enum Paragraph<'a> {
    Description(&'a str),
    ExitStatus(&'a str),
    /// The heading and the lines below it.
    Examples(&'a str, &'a str),
}

impl<'a> Paragraph<'a> {
    fn of(text: &'a str) -> Self {
        match text.strip_prefix("Exit status: ") {
            Some(status) => Self::ExitStatus(status),
            None if text.starts_with("Examples") => {
                let (heading, lines) = text.split_once('\n').unwrap_or((text, ""));
                Self::Examples(heading.trim_end_matches(':'), lines)
            }
            None => Self::Description(text),
        }
    }

    fn add_to(&self, roff: &mut Roff) {
        match self {
            Self::Description(text) => {
                roff.control("SH", ["DESCRIPTION"]);
                roff.text([roman(*text)]);
            }
            Self::ExitStatus(text) => {
                roff.control("SH", ["EXIT STATUS"]);
                roff.text([roman(*text)]);
            }
            Self::Examples(heading, lines) => {
                roff.control("SH", [heading.to_uppercase().as_str()]);
                // Examples keep their line breaks and spaces.
                roff.control("nf", []);
                for line in lines.lines() {
                    roff.text([roman(line.trim_start())]);
                }
                roff.control("fi", []);
            }
        }
    }
}

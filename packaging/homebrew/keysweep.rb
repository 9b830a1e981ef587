# A formula for a tap of Homebrew. `sh packaging/homebrew/formula.sh` fills it in. It was never run on macOS.
class Keysweep < Formula
  desc "Git hook and history sweeper for sk_ tokens and whsec_ webhook secrets"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/keysweep-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256 aarch64-apple-darwin@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/keysweep-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256 x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/keysweep-@VERSION@-aarch64-unknown-linux-gnu.tar.gz"
      sha256 "@SHA256 aarch64-unknown-linux-gnu@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/keysweep-@VERSION@-x86_64-unknown-linux-gnu.tar.gz"
      sha256 "@SHA256 x86_64-unknown-linux-gnu@"
    end
  end

  def install
    bin.install "keysweep"
    man1.install Dir["share/man/man1/*.1"]
    bash_completion.install "share/bash-completion/completions/keysweep"
    zsh_completion.install "share/zsh/site-functions/_keysweep"
    fish_completion.install "share/fish/vendor_completions.d/keysweep.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/keysweep --version")
  end
end

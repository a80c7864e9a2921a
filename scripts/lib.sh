# Shared by the scripts: progress lines, root rights, packages. Sourced, never run.

say() { printf '\n==> %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Runs a command as root, directly or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "this needs root: run it as root or install sudo ($*)"
    fi
}

# Prints those of the named packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s\n' "$package"
    done
}

# Installs those of the named packages that are missing, and says so; quick when none is.
install_packages() {
    local missing
    command -v dpkg-query >/dev/null 2>&1 || die "this needs Debian 12 (dpkg and apt-get)"
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -eq 0 ] && return 0
    say "installing ${#missing[@]} packages: ${missing[*]}"
    # Debian's own lists may be empty or stale: read them once, and again only when a package is not found.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    printf 'wireshark-common wireshark-common/install-setuid boolean false\n' | as_root debconf-set-selections 2>/dev/null || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -eq 0 ] || die "apt-get did not install: ${missing[*]}"
}

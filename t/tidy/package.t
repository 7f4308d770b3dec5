#!/usr/bin/perl

# What is packaged is what there is: manual pages say what the programs say,
# debian/ names files that are installed and the version that is built, the
# unit says why of each restriction.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my $build = $ENV{BILLING_BUILD} || 'build/release';

# --- manual pages

SKIP: {
    skip "$build is not built", 1 if !-x "$build/billingctl";

    my %page;
    for my $file (files(qr{^doc/man/})) {
        my ($name) = $file =~ m{([^/]+?)(?:\.in)?$};
        $page{$name} = $file =~ /\.in$/ ? `tools/manual $file $build`
                                        : slurp($file);
        is($?, 0, "$file is made") if $file =~ /\.in$/;
        my $warns = do {
            open my $out, '>', my $temp = "/tmp/manual.$$" or die $!;
            print $out $page{$name};
            close $out;
            my $said = `groff -ww -mandoc -Tascii $temp 2>&1 >/dev/null`;
            unlink $temp;
            $said;
        };
        is($warns, '', "$file: and has nothing to warn of");
    }

    my $page = $page{'billingctl.1'};
    $page =~ s/\\-/-/g;
    my $source = slurp('src/ctl/main.c');
    my ($table) = $source =~ /billing_ctl_commands\[\] = \{(.*?)\n\};/s;
    my @commands = $table =~ /^    \{ "([\w-]+)", "/mg;
    cmp_ok(scalar @commands, '>', 8, 'commands are found');
    for my $command (@commands) {
        my ($part) = $page =~ /^\.Ss \Q$command\E: (.*?)(?=^\.S[sh]|\z)/ms;
        ok(defined $part, "billingctl.1 has $command") or next;
        my $help = `$build/billingctl $command --help`;
        for my $option ($help =~ /(?<![\w-])(--[a-z][a-z-]+)/g) {
            like($part, qr/\Q$option\E(?![a-z-])/, "$command: $option");
        }
    }
    my ($options) = $source =~ /struct option  billing_ctl_known\[\] = \{(.*?)\n\};/s;
    for my $option ($options =~ /\{ "([\w-]+)",/g) {
        like($page, qr/--\Q$option\E(?![a-z-])/, "billingctl.1 has --$option");
    }
    $page = $page{'billing-worker.8'};
    $page =~ s/\\-/-/g;
    my $help = `$build/billing-worker --help`;
    for my $option ($help =~ /--([a-z]+)/g) {
        like($page, qr/^\.It Fl -\Q$option\E\b/m, "billing-worker.8 has --$option");
    }
    $page = $page{'billing.json.5'};
    for my $member (qw(store.dsn redis.password_file gateway.url seller.siren
                       catalogue.plans.NAME.price.monthly secret_files)) {
        like($page, qr/^\.It Li "\Q$member\E"$/m, "billing.json.5 has $member");
    }
}

# --- debian/

my ($version) = slurp('src/worker/main.c') =~ /BILLING_VERSION\s+"([^"]+)"/;
like(slurp('debian/changelog'), qr/\Angx-billing \(\Q$version\E-/,
    'the newest entry of debian/changelog is this version');
like(slurp('CHANGES'), qr/^Changes with ngx_billing_module \Q$version\E$/m,
    'CHANGES has it too');

my $installed = `make -s --no-print-directory print-install PREFIX=/usr`;
my @places = map { s{^/}{}r } split ' ', $installed;
cmp_ok(scalar @places, '>', 20, 'what is installed is known');
my %named;
for my $list (glob('debian/*.install'), 'debian/not-installed') {
    for my $name (split /\n/, slurp($list)) {
        my @under = grep { $_ eq $name || index($_, "$name/") == 0 } @places;
        ok(@under > 0, "$list: $name is installed");
        $named{$_}++ for @under;
    }
}
is($named{$_} || 0, 1, "$_ is in one package") for @places;

for my $list (glob 'debian/*.docs') {
    ok(-f $_, "$list: $_") for split /\n/, slurp($list);
}

my ($needs) = slurp('debian/control') =~ /^Build-Depends: (.*?)\n(?=\S)/ms;
my %setup = map { $_ => 1 } split ' ', `tools/setup --list build deb`;
for my $package (split /,\s*/, $needs) {
    next if $package =~ /^(?:dh-sequence|debhelper-compat)/;
    ok($setup{$package}, "tools/setup installs $package for the build");
}

# --- the unit

my $unit = slurp('conf/systemd/ngx-billing-worker.service');
my ($service) = $unit =~ /^(LimitCORE=.*?)(?=^\[Install\])/ms;
my $why = 1;
my $last = '';
for my $line (split /\n/, $service // '') {
    my ($key) = $line =~ /^(\w+)=/;
    if (!defined $key) {
        $why = 1 if $line =~ /^# /;
        next;
    }
    # One reason may stand above several lines of a kind.
    my $kind = $key =~ /^(Protect|SystemCallFilter|Ambient|Capability)/
        ? $1 : $key;
    ok($why || $kind eq $last || $key =~ /^(?:Capability|Ambient|Proc|System)/,
        "the unit says why: $line");
    ($why, $last) = (0, $kind);
}

done_testing();

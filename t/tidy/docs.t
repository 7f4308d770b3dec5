#!/usr/bin/perl

# Every directive and variable has its entry, and every entry its directive.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my %command = commands();
ok(keys %command > 3, 'the tables of directives are found');

my $reference = slurp('doc/directives.md');
my $readme = slurp('README.md');

my %entry;
while ($reference =~ /^###? (billing_\w+)\n(.*?)(?=^##|\z)/gms) {
    $entry{$1} = $2;
}

# The contexts that a directive's flags stand for, in nginx's order.

my @contexts = ([MAIN_CONF => 'http'], [SRV_CONF => 'server'],
                [LOC_CONF => 'location'], [LIF_CONF => 'if in location']);

for my $name (sort keys %command) {
    my $text = $entry{$name};
    ok(defined $text, "$name has an entry") or next;
    for my $row (qw(Syntax Default Context Phase)) {
        like($text, qr/^\| \*\*$row\*\* \| \S.*\|$/m, "$name says its $row");
    }
    like($text, qr/^\| \*\*Syntax\*\* \| .*\b\Q$name\E\b/m,
        "$name: the syntax names it");
    my ($said) = $text =~ /^\| \*\*Context\*\* \| (.*?) \|$/m;
    $said = '' if !defined $said;
    $said =~ s/`//g;
    my $flags = $command{$name};
    is($said, join(', ', map { $_->[1] } grep {
        $flags =~ /NGX_HTTP_$_->[0]\b/ } @contexts), "$name: its contexts");
    like($text, qr/^```nginx$/m, "$name has an example");
    like($readme, qr/\b\Q$name\E\b/, "the README's index lists $name");
    like($reference, qr/\(#\Q$name\E\)/, "the reference's index lists $name");
}

for my $name (sort keys %entry) {
    ok($command{$name}, "$name, which is documented, exists");
}

my %variable;
for my $file (files(qr{^src/http/.*\.c$})) {
    my $text = slurp($file);
    while ($text =~ /ngx_http_variable_t\s+\w+\[\]\s*=\s*\{(.*?)ngx_http_null/gs) {
        my $table = $1;
        $variable{$_} = 1 for $table =~ /ngx_string\("(\w+)"\)/g;
    }
}
ok(keys %variable > 3, 'the table of variables is found');

# A name that ends so stands for all that begin with it.

my $variables = slurp('doc/variables.md');

for my $name (map { s/_$/_NAME/r } sort keys %variable) {
    like($variables, qr/^\| `\$\Q$name\E` \| \S/m, "\$$name is described");
    like($readme, qr/`\$\Q$name\E`/, "the README lists \$$name");
}
while ($variables =~ /^\| `\$(billing_\w+)` \|/mg) {
    (my $name = $1) =~ s/NAME$//;
    ok($variable{$name}, "\$$name, which is described, exists");
}

for my $file (files(qr{\.md$})) {
    my ($folder) = $file =~ m{^(.*/)?};
    $folder = '' if !defined $folder;
    my $text = slurp($file);
    my %anchor = map { my $a = $_; utf8::decode($a); $a = lc $a;
        $a =~ s/[^\w\- ]//g; $a =~ tr/ /-/; utf8::encode($a); $a => 1 }
        $text =~ /^#+ (.*?)\s*$/mg;
    while ($text =~ /\]\(([^)\s]+)\)/g) {
        my $link = $1;
        next if $link =~ m{^https?://};
        if ($link =~ /^#(.*)/) {
            ok($anchor{$1}, "$file: the link $link leads somewhere");
            next;
        }
        $link =~ s/#.*//;
        ok(-e "$folder$link", "$file: the link $link leads somewhere");
    }
}

done_testing();

#!/usr/bin/perl

# Every CORE rule has a test that names it, and every EXT rule of what is sold
# here, but for those that are known to be missing.
#
# A test names a rule by its title: a C function r70_... in the list that a
# file's own macro (sub_test) or cmocka's makes, a block "=== TEST 1:
# R3 ...", a title test('r79 ...') in JavaScript, a case {"name": "R51: ..."}.
#
#   perl t/tidy/rules.t --list      shows the tests of each rule

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

# What is not there yet, and why.
my %MISSING = (
);

# Education, trial and add-ons are not sold here.
my @PERIPHERAL = ('Education', 'Trial, add-ons (peripheral)');

my %finders = (
    qr{^t/(?:unit|worker)/.*\.c$} =>
        sub { $_[0] =~ /\b(?:\w+_test\w*|TEST)\(\s*([a-z]\w+)/g },
    qr{^t/.*\.mjs$} =>
        sub { $_[0] =~ /\btest\(\s*['`"](.+?)['`"],(?!\s*\{\s*todo:)/g },
    qr{^t/[^/]*\.t$|^t/http/.*\.t$} =>
        sub { $_[0] =~ /^=== TEST \d+: (.+)$/mg,
              $_[0] =~ /,\s*'((?:R\d+ ).*?)'\)/g },
    qr{^t/data/ctl/.*\.json$} => sub { $_[0] =~ /"name":\s*"([^"]+)"/g },
);

my (%rules, @order, %examples, $section);

for my $line (split /\n/, slurp('doc/rules.md')) {
    $section = $1 if $line =~ /^## (.+)/;
    $examples{lc $1} = 0 if $line =~ /^\| ([ED]\d+) \|/;
    next if $line !~ /^- \*\*R(\d+)\*\* (CORE|EXT)\b/;
    ok(!$rules{$1}, "R$1 is listed once");
    $rules{$1} = { kind => $2, section => $section, tests => [] };
    push @order, $1;
}

is(scalar @order, 232, 'all rules are listed');
is(scalar(grep { $rules{$_}{kind} eq 'CORE' } @order), 68, '68 are CORE');

for my $pattern (sort keys %finders) {
    for my $file (files($pattern)) {
        for my $title ($finders{$pattern}->(slurp($file))) {
            for my $number (named('r', $title)) {
                ok($rules{$number}, "$file: R$number of \"$title\" exists");
                push @{ $rules{$number}{tests} }, "$file: $title";
            }
            for my $letter (qw(e d)) {
                $examples{"$letter$_"}++ for grep {
                    exists $examples{"$letter$_"} } named($letter, $title);
            }
        }
    }
}

my (@lacking, $told);

for my $number (@order) {
    my $rule = $rules{$number};
    my $n = @{ $rule->{tests} };
    if ($rule->{kind} eq 'CORE') {
        ok($n > 0, "R$number (CORE) is named by a test");
        next;
    }
    next if grep { $_ eq $rule->{section} } @PERIPHERAL;
    $told++;
    push @lacking, "R$number" if $n == 0;
    ok($n > 0 != exists $MISSING{$number},
       "R$number (EXT) is named by a test, or known to be missing");
}

is(scalar keys %examples, 20, 'there are 9 examples E and 11 D');
ok($examples{$_}, uc($_) . ' is named by a test') for sort keys %examples;

for my $file (files(qr{^t/.*\.mjs$})) {
    diag("to do: $_")
        for slurp($file) =~ /\btest\(\s*['`"](.+?)['`"],\s*\{\s*todo:/g;
}

diag("$told EXT rules, without a test: " . (@lacking + 0)
    . (@lacking ? ": @lacking" : ''));

if (grep { $_ eq '--list' } @ARGV) {
    for my $number (@order) {
        diag("R$number $rules{$number}{kind}");
        diag("    $_") for @{ $rules{$number}{tests} };
    }
}

# The numbers that a title names: r96_r198_volume, "R3 R4 in French", "R51: ...".

sub named {
    my ($letter, $title) = @_;
    return $title =~ /(?<![A-Za-z0-9])$letter(\d+)(?![A-Za-z0-9])/gi;
}

done_testing();

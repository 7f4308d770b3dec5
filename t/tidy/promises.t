#!/usr/bin/perl

# Every promise of doc/promises.md is named by a test, or the page says why
# not; and no test names one that is not there.
#
# A test names a promise by its title: a C function p8_... in the list of a
# file, a block "=== TEST 1: P26 ...", a line of its own plan in a .t file, a
# title test('p1 p4 ...') in JavaScript.
#
#   perl t/tidy/promises.t --list      shows the tests of each promise

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my %finders = (
    qr{^t/(?:unit|worker)/.*\.c$} =>
        sub { $_[0] =~ /\b(?:\w+_test\w*|TEST)\(\s*([a-z]\w+)/g },
    qr{^t/.*\.mjs$} =>
        sub { $_[0] =~ /\btest\(\s*['`"](.+?)['`"],(?!\s*\{\s*todo:)/g },
    qr{^t/(?:[^/]+|doc/[^/]+)\.t$} =>
        sub { $_[0] =~ /^=== TEST \d+: (.+)$/mg,
              $_[0] =~ /[(,]\s*['"]((?:P\d+:? )+.*?)['"][,)]/g },
);

my (%promise, @order);

for my $line (split /\n/, slurp('doc/promises.md')) {
    my ($n, $text, $why) = $line =~ /^\| P(\d+) \| (.+?) \| (.*?) ?\|$/
        or next;
    ok(!$promise{$n}, "P$n is listed once");
    $promise{$n} = { why => $why, tests => [] };
    push @order, $n;
}

is_deeply(\@order, [1 .. 67], 'P1 to P67 are listed, in their order');

for my $pattern (sort keys %finders) {
    for my $file (files($pattern)) {
        for my $title ($finders{$pattern}->(slurp($file))) {
            for my $n ($title =~ /(?<![A-Za-z0-9])p(\d+)(?![A-Za-z0-9])/gi) {
                ok($promise{$n}, "$file: P$n of \"$title\" exists");
                push @{ $promise{$n}{tests} }, "$file: $title";
            }
        }
    }
}

my @untested = grep { $promise{$_}{why} ne '' } @order;

for my $n (@order) {
    my $named = @{ $promise{$n}{tests} } > 0;
    ok($named || $promise{$n}{why} ne '',
       "P$n is named by a test, or the page says why not");
    ok(!$named || $promise{$n}{why} eq '',
       "P$n: what a test names needs no excuse");
}

diag('without a test: ' . join ' ', map { "P$_" } @untested) if @untested;

if (grep { $_ eq '--list' } @ARGV) {
    for my $n (@order) {
        diag("P$n");
        diag("    $_") for @{ $promise{$n}{tests} };
    }
}

done_testing();

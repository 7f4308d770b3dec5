#!/usr/bin/perl

# Each of the forty items of doc/pages.md has a browser test that names it:
# test('item 7 ...'), test('items 7 8 ...').

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my %items = map { $_ => [] } slurp('doc/pages.md') =~ /^\| (\d+) \| \S/gm;

is(join(' ', sort { $a <=> $b } keys %items), join(' ', 1 .. 40),
    'there are forty items');

for my $file (files(qr{^t/browser/.*\.mjs$})) {
    for my $title (slurp($file) =~ /\btest\(\s*['`"](.+?)['`"],/g) {
        for my $list ($title =~ /\bitems? ((?:\d+(?: |(?=\D|$)))+)/g) {
            for my $number (split ' ', $list) {
                ok($items{$number}, "$file: item $number exists");
                push @{ $items{$number} }, "$file: $title";
            }
        }
    }
}

for my $number (sort { $a <=> $b } keys %items) {
    ok(@{ $items{$number} } > 0, "item $number is named by a test");
}

if (grep { $_ eq '--list' } @ARGV) {
    for my $number (sort { $a <=> $b } keys %items) {
        diag("item $number");
        diag("    $_") for @{ $items{$number} };
    }
}

done_testing();

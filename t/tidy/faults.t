#!/usr/bin/perl

# Every row of doc/faults.md has its tests, and each test it names is there:
# a file, and words of it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

# How many rows each section has, where all of them are listed.
my %ROWS = ('5.1' => 9, '5.7' => 12, '5.8' => 11, '5.9' => 11, '5.10' => 12,
    '5.11' => 13, '5.12' => 11);

my (%seen, %text);

for my $line (split /\n/, slurp('doc/faults.md')) {
    my ($row, @cells) = $line =~ /^\| (5\.\d+ \d+) (?:\| (.*?) )\| (.*?) \| (.*) \|$/
        or next;
    my @tests = split /; (?=`)/, $cells[2];
    ok(!$seen{$row}++, "$row is there once");
    ok(@tests > 0, "$row has a test");
    for my $test (@tests) {
        my ($file, $words) = $test =~ /^`(t\/\S+)`: (.+)$/;
        if (!defined $file || !-f $file) {
            fail("$row: $test is a file and its words");
            next;
        }
        $text{$file} //= slurp($file);
        ok(index($text{$file}, $words) >= 0, "$row: $file says \"$words\"");
    }
}

for my $section (sort keys %ROWS) {
    is(join(' ', grep { !$seen{"$section $_"} } 1 .. $ROWS{$section}), '',
        "all rows of $section");
}

done_testing();

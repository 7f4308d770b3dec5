#!/usr/bin/perl

# The form that is held by counting: 600 lines a file, 70 lines a function,
# 80 columns in C, no tabs and no blanks at the end of a line.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my $sources = qr{\.(?:c|h|pm|t|mjs|js|lua|sql|css|html)$
    |^(?:demo|check|config|Makefile)$|^tools/|^bench/[^.]+$}x;

for my $file (files($sources)) {
    my $text = slurp($file);
    # The blocks of a test file are data.
    my ($code) = split /^__DATA__$/m, $text;
    cmp_ok($code =~ tr/\n//, '<=', 600, "$file: at most 600 lines");
    my $n = 0;
    my @blank = map { $n++; /[ \t\r]$/ ? $n : () } split /\n/, $text;
    is("@blank", '', "$file: no blanks at the end of a line");
    next if $file !~ /\.[ch]$/;

    my (@wide, @tabs);
    $n = 0;
    for my $line (split /\n/, $text) {
        $n++;
        (my $shown = $line) =~ s/[\x80-\xbf]//g;    # UTF-8: count characters
        push @wide, $n if length $shown > 80;
        push @tabs, $n if $line =~ /\t/;
    }
    is("@wide", '', "$file: at most 80 columns");
    is("@tabs", '', "$file: no tabs");

    my @long = map { "$_->[0]:$_->[2]" } grep { $_->[2] > 70 }
        functions($text);
    is("@long", '', "$file: functions of at most 70 lines");
    unlike(bare_c($text), qr{//}, "$file: comments are /* */");
}

done_testing();

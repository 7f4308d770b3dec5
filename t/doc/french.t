#!/usr/bin/perl

# README.fr.md says what README.md says: the same sections with as many rows and
# points, the same commands and configuration, links, names and numbers.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Encode ();
use Test::More;
use Tidy;

binmode $_, ':encoding(UTF-8)'
    for Test::More->builder->output, Test::More->builder->failure_output;

my %text = (en => 'README.md', fr => 'README.fr.md');
$_ = Encode::decode('UTF-8', slurp($_)) for values %text;

# What people read in a block: comments, and the picture without a language.

sub blocks {
    my ($text) = @_;
    my @found;
    while ($text =~ /^```(\w*)\n(.*?)^```$/gms) {
        my ($kind, $block) = ($1, $2);
        $block =~ s/\s+#.*$//gm;
        push @found, $kind eq '' ? '(a picture)' : "$kind\n$block";
    }
    return \@found;
}

is_deeply(blocks($text{fr}), blocks($text{en}), 'commands and configuration');
cmp_ok(scalar @{blocks($text{en})}, '>', 4, 'there are some');

sub sections {
    my ($text) = @_;
    $text =~ s/^```.*?^```$//gms;
    my @found;
    for my $part (split /^(?=# )/m, $text) {
        push @found, $part if $part =~ /^# /;
    }
    return @found;
}

my @en = sections($text{en});
my @fr = sections($text{fr});
is(scalar @fr, scalar @en, 'as many sections');

sub all {
    my ($text, $pattern) = @_;
    return [sort $text =~ /$pattern/g];
}

for my $i (0 .. $#en) {
    my ($name) = $en[$i] =~ /^# (.*)/;
    my ($titre) = $fr[$i] =~ /^# (.*)/;

    for my $what (['rows of tables', qr/^(\|)/m], ['points', qr/^(\* )/m],
                  ['paragraphs', qr/\n(\n)(?=[^\n|*#])/])
    {
        next if $what->[0] eq 'paragraphs' && $name eq 'See also';
        is(scalar @{all($fr[$i], $what->[1])},
           scalar @{all($en[$i], $what->[1])}, "$titre: $what->[0]");
    }

    # Where a link leads, save within the page and to the other language.

    is_deeply(all($fr[$i], qr/\]\((?!#|README)([^)]+)\)/),
              all($en[$i], qr/\]\((?!#|README)([^)]+)\)/), "$titre: links")
        if $name ne 'Synopsis';

    is_deeply(all($fr[$i], qr/`([^`]+)`/), all($en[$i], qr/`([^`]+)`/),
        "$titre: what is written as code");

    my ($here, $there) = map { my $t = $_;
        $t =~ s/(\d)[ ,\x{202f}\x{a0}](?=\d{3}\b)/$1/g; $t =~ s/(\d),(?=\d)/$1./g;
        [sort $t =~ /\d+(?:\.\d+)*/g] } $fr[$i], $en[$i];
    is_deeply($here, $there, "$titre: numbers");
}

like($text{en}, qr/\]\(README\.fr\.md\)/, 'the one leads to the other');
like($text{fr}, qr/\]\(README\.md\)/, 'and back');

# French: a narrow or plain space before what has two parts.

(my $prose = $text{fr}) =~ s/^```.*?^```$//gms;
$prose =~ s/`[^`]*`|\]\([^)]*\)|https?:\S+//g;
my @tight = $prose =~ /(\S*\w[;!?](?=\s|$).*)/gm;
is_deeply(\@tight, [], 'a space before ; ! and ?');

done_testing();

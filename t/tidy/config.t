#!/usr/bin/perl

# What nginx's build is told is what there is: `config` names every source
# and header of the module, and none that is missing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

ok(-f 'config', 'there is a config script') or do { done_testing(); exit };

my $text = join '', grep { !/^\s*#/ } map { "$_\n" } split /\n/,
    slurp('config');

my %named = map { $_ => 1 } $text =~ m{(src/[\w/]+\.[ch])}g;

# Shorthands such as $billing/store/record.c for $ngx_addon_dir/src/store/...

$named{"src/$_"} = 1 for $text =~
    m{\$\{?\w+\}?/((?:domain|store|gateway|api|http)/\w+\.[ch])}g;

for my $file (files(qr{^src/(?:domain|store|gateway|api|http)/\w+\.[ch]$})) {
    ok($named{$file}, "config names $file");
}

for my $file (sort keys %named) {
    ok(-f $file, "$file, named in config, is there");
    unlike($file, qr{^src/(?:worker|ctl|document)/},
        "$file is not the worker's");
}

like($text, qr/ngx_module_name=/, 'the module has a name');
like($text, qr{\. auto/module}, 'and is registered as nginx asks');

done_testing();

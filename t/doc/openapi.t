#!/usr/bin/perl

# doc/openapi.yaml is what the tables of routes, fields and refusals say today,
# and doc/api.md speaks of every route that it describes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP ();
use Test::More;
use Tidy;

$ENV{BILLING_BUILD} ||= 'build/release';

plan skip_all => "$ENV{BILLING_BUILD}/routes is not built"
    if !-x "$ENV{BILLING_BUILD}/routes";

my $said = `tools/openapi --check 2>&1`;
is($? >> 8, 0, 'it is made of the tables and of what is written') or diag($said);

my $known = JSON::PP->new->decode(scalar `$ENV{BILLING_BUILD}/routes`);
my $made = slurp('doc/openapi.yaml');
my %path;

# The file itself, line by line: not by the program that made it.

my $where = '';
for my $line (split /\n/, $made) {
    last if $line =~ /^webhooks:/;
    $where = $1 if $line =~ m{^  (/\S+):$};
    $path{"\U$1\E $where"} = 1 if $line =~ /^    (get|post|put|patch|delete):$/;
}

my %route = map { ("$_->{method} $_->{path}" => 1) } @{$known->{routes}};
cmp_ok(scalar keys %route, '>', 100, 'there are routes');

for my $name (sort keys %route) {
    ok(delete $path{$name}, "$name is described");
}
is_deeply([sort keys %path], ['GET /boards/{board}', 'PUT /boards/{board}'],
    'nothing else is, but the gate');

for my $code (sort keys %{$known->{reasons}}) {
    like($made, qr/^ +- \Q$code\E$/m, "the refusal $code is listed");
}

for my $field (map { @{$_->{fields} || []} } @{$known->{routes}}) {
    like($made, qr/\b\Q$field->{name}\E\b/, "the field $field->{name} is there");
}

done_testing();

#!/usr/bin/perl

# A misspelled section of a block would be a test that cannot fail: every
# section in t/*.t is one the runner, or a helper of ours, reads.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my %known = map { $_ => 1 } qw(config http_config main_config ONLY SKIP LAST);

for my $file (files(qr{^t/lib/.*\.pm$}), files(qr{^t/[^/]+\.t$})) {
    $known{$_} = 1 for slurp($file) =~ /\bblock->(\w+)/g;
    $known{$_} = 1 for slurp($file) =~
        /\b(?:response_headers_like|raw_response_headers_\w+)\b/g;
}
$known{$_} = 1 for qw(response_headers response_headers_like error_log
    no_error_log access_log no_access_log error_code error_code_like
    response_body response_body_like response_body_unlike);

for my $file (files(qr{^t/[^/]+\.t$})) {
    my (undef, $data) = split /^__DATA__$/m, slurp($file), 2;
    next if !defined $data;
    my %wrong = map { $_ => 1 } grep { !$known{$_} }
        $data =~ /^--- (\w+)/mg;
    is(join(' ', sort keys %wrong), '', "$file: only sections that are read");
    my (%seen, @twice);
    $seen{$_}++ and push @twice, $_ for $data =~ /^=== (.*?)\s*$/mg;
    is("@twice", '', "$file: every block has a name of its own");
}

ok(keys %known > 20, 'the runner reads sections');
done_testing();

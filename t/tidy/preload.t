#!/usr/bin/perl

# A page names each module that its script loads at once, so that a browser
# asks for all of them together and not for one level after the other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

sub modules {
    my ($name, $seen) = @_;

    return if $seen->{$name}++;
    my $text = slurp("html/assets/$name");
    modules($_, $seen)
        for $text =~ m{^(?:import|export)\b[^;]*?from '\./([\w-]+\.js)';}gm;
}

# (embed.html shows an application with one script tag.)

for my $page (grep { $_ ne "html/embed.html" } files(qr{^html/[\w-]+\.html$})) {
    my $text = slurp($page);
    my ($script) = $text =~ m{<script type="module" src="/billing/assets/([\w-]+\.js)"} or next;
    my %all;
    my @named = $text =~ m{<link rel="modulepreload" href="/billing/assets/([\w-]+\.js)">}g;

    modules($script, \%all);
    delete $all{$script};
    is("@named", join(' ', sort keys %all), "$page names the modules of $script");
}

done_testing();

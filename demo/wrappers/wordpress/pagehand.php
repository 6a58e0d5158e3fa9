<?php
/**
 * Plugin Name: Pagehand
 * Description: The Pagehand chat on every page, or with [pagehand] inside one.
 * Version: 0.1.0
 * Requires at least: 6.3
 * Requires PHP: 7.4
 * License: MIT
 *
 * Put this file into wp-content/plugins/pagehand/, and into wp-config.php, above "stop editing":
 *
 *   define( 'PAGEHAND_SERVER', 'https://chat.example.com' );
 *   define( 'PAGEHAND_TOKEN', 'ct_live_…' );
 *
 * The token is public. What it may do is decided by the server, where the address of this site has to stand among the
 * token's allowed origins.
 *
 * A site with a Content-Security-Policy names the server in script-src and connect-src. A policy with nonces needs
 * nothing more than its usual filter on wp_script_attributes: the tag is printed by WordPress itself.
 */

defined( 'ABSPATH' ) || exit;

/** The options of the chat as data attributes; null leaves one out. */
function pagehand_attributes( array $more = array() ): array {
	$attributes = array(
		'id'          => 'pagehand',
		'src'         => untrailingslashit( PAGEHAND_SERVER ) . '/pagehand.js',
		'async'       => true,
		'data-token'  => PAGEHAND_TOKEN,
		'data-locale' => str_replace( '_', '-', get_locale() ),
	);
	/** Lets a theme or another plugin set `data-position`, `data-theme` and so on. */
	$attributes = apply_filters( 'pagehand_attributes', array_merge( $attributes, $more ) );
	return array_filter(
		$attributes,
		static function ( $value ) {
			return null !== $value;
		}
	);
}

/** Whether the chat can stand on this page at all. */
function pagehand_is_ready(): bool {
	return defined( 'PAGEHAND_SERVER' ) && defined( 'PAGEHAND_TOKEN' ) && ! is_admin();
}

/** Tools that a theme registers while the page loads need somewhere to go: this stands before its scripts. */
add_action(
	'wp_head',
	static function () {
		if ( pagehand_is_ready() ) {
			wp_print_script_tag( array( 'src' => untrailingslashit( PAGEHAND_SERVER ) . '/webmcp.js' ) );
		}
	},
	1
);

/** The chat that floats, on every page where no shortcode put it somewhere. */
add_action(
	'wp_footer',
	static function () {
		if ( pagehand_is_ready() && ! did_action( 'pagehand_inline' ) ) {
			wp_print_script_tag( pagehand_attributes() );
		}
	}
);

/** [pagehand height="32rem"]: fills its place in the page. */
add_shortcode(
	'pagehand',
	static function ( $given ): string {
		if ( ! pagehand_is_ready() || did_action( 'pagehand_inline' ) ) {
			return '';
		}
		do_action( 'pagehand_inline' );
		$options = shortcode_atts( array( 'height' => '32rem' ), $given, 'pagehand' );
		$height  = preg_match( '/^\d+(\.\d+)?(px|rem|em|vh|svh|%)$/', $options['height'] ) ? $options['height'] : '32rem';
		return sprintf( '<div id="pagehand-here" style="height:%s"></div>', esc_attr( $height ) )
			. wp_get_script_tag( pagehand_attributes( array( 'data-target' => '#pagehand-here' ) ) );
	}
);

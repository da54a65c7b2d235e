"""The console composes other rooms and keeps no tables."""

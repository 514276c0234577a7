"""Kafka as every process outside Faust uses it: one producer and consumer configuration, topics made from TOPICS."""
